import { type AttributeValue, type CreateTableCommandInput, paginateScan } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ensureTables, type Store, startStore, storeClient } from '../../local/store/index.js'
import { startStoreProxy } from '../../testing/faults/store-proxy.js'
import { type KeptRecord, type SinkOnTarget, sinkConformance } from '../../testing/index.js'
import { recordsOf } from '../../testing/sink/records.js'
import type { SinkRecord } from '../contract.js'
import { dynamodbSink } from './index.js'

let store: Store
let tables = 0
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

const bytes = (value: Buffer | null): AttributeValue => (value === null ? { NULL: true } : { B: value })

/** A table that keeps the last record of each key, reached through a proxy that counts and delays. */
async function target(): Promise<SinkOnTarget> {
  const table = `kept-${tables++}`
  const direct = storeClient(store.url)
  const definition: CreateTableCommandInput = {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  }
  await ensureTables(direct, [definition])
  let calls = 0
  let hangs = false
  let refused: ReadonlySet<string> = new Set()
  const proxy = await startStoreProxy({
    target: store.url,
    rule: () => {
      calls++
      return hangs ? { delayMs: 60_000 } : 'pass'
    },
  })
  const client = storeClient(proxy.url)
  const item = ({ id, key, value }: SinkRecord) => ({
    // A key without characters is what DynamoDB refuses.
    pk: { S: refused.has(id) ? '' : key === null ? id : `key ${key.toString('hex')}` },
    ...{ id: { S: id }, key: bytes(key), value: bytes(value) },
  })
  const items = async () => {
    const all: Record<string, AttributeValue>[] = []
    for await (const { Items = [] } of paginateScan({ client: direct }, { TableName: table })) all.push(...Items)
    return all.sort((a, b) => Number(a.id?.S?.split(/[:#]/)[2]) - Number(b.id?.S?.split(/[:#]/)[2]))
  }
  return {
    sink: dynamodbSink({ table, item, client }),
    contents: async () =>
      (await items()).map((one): KeptRecord => {
        const read = (value?: AttributeValue) => (value?.B ? Buffer.from(value.B) : null)
        return { id: one.id?.S ?? '', key: read(one.key), value: read(one.value) }
      }),
    snapshot: async () => JSON.stringify((await items()).map((one) => Object.entries(one).sort())),
    calls: () => calls,
    refuse: (ids) => {
      refused = ids
    },
    hang: (on) => {
      hangs = on
    },
    async dispose() {
      client.destroy()
      direct.destroy()
      await proxy.stop()
    },
  }
}

describe('the sink on a DynamoDB table', () => {
  it.each(sinkConformance({ make: target, shows: ['calls', 'refuse', 'hang'], mostCalls: 40 }))('$name [K-16]', ({
    run,
  }) => run())

  const never = new AbortController().signal
  const contentOf = (pk: string) => ({ pk: { S: pk } })
  async function withTable(run: (table: string) => Promise<void>) {
    const { dispose } = await target()
    await run(`kept-${tables - 1}`)
    await dispose?.()
  }

  it.each([
    ['ProvisionedThroughputExceededException', 400],
    ['AccessDeniedException', 400],
    ['InternalServerError', 500],
  ])('sends nothing behind what was not taken: %s', async (name, status) => {
    let calls = 0
    const rule = () => {
      calls++
      return { status, body: { __type: `com.amazonaws.dynamodb.v20120810#${name}` } }
    }
    const proxy = await startStoreProxy({ target: store.url, rule })
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1')
    const client = storeClient(proxy.url)
    const records = recordsOf(Array.from({ length: 60 }, (_, i) => ({ content: contentOf(`${i}`) })))
    const answers = await dynamodbSink({ table: 'any', client }).write(records, never)
    client.destroy()
    vi.unstubAllEnvs()
    await proxy.stop()
    expect([answers.filter(({ ok }) => ok), answers.some((answer) => !answer.ok && answer.status)]).toEqual([[], false])
    expect(calls).toBe(1)
  })

  it('takes content that is an item as it is, and refuses for good what is none', () =>
    withTable(async (table) => {
      const client = storeClient(store.url)
      const sink = dynamodbSink({ table, client })
      const records = recordsOf([{ content: contentOf('a') }, { content: { pk: 'a' } }, { content: 'text' }])
      expect(await sink.write(records, never)).toMatchObject([
        { ok: true },
        { ok: false, status: 'fallback', error: { code: 'ML_SINK_REFUSED' } },
        { ok: false, status: 'fallback', error: { code: 'ML_SINK_REFUSED' } },
      ])
      client.destroy()
    }))

  it('refuses for good what DynamoDB finds invalid, and retries where a table is missing or nobody answers', async () => {
    const client = storeClient(store.url)
    const gone = storeClient('http://127.0.0.1:9')
    const records = recordsOf([{ content: contentOf('a') }])
    const [missing] = await dynamodbSink({ table: 'none', client }).write(records, never)
    expect(missing).toMatchObject({ ok: false, error: { code: 'ML_SINK_FAILED', cause: { code: 'ML_TABLE_MISSING' } } })
    const [unreachable] = await dynamodbSink({ table: 'none', client: gone }).write(records, never)
    expect(unreachable).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('dynamodb none'), cause: { code: 'ML_STORE_UNREACHABLE' } },
    })
    await withTable(async (table) => {
      const bad = recordsOf([{ content: contentOf('') }, { content: contentOf('b') }])
      const answers = await dynamodbSink({ table, client }).write(bad, never)
      expect(answers).toMatchObject([{ ok: false, status: 'fallback' }, { ok: true }])
    })
    client.destroy()
    gone.destroy()
  })
})
