import { GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { drop, fallback, type Handler, json, kafkaFunction, ok, retry } from '../index.js'
import { decodeState } from '../ledger/index.js'
import { invoke, kafkaEvent, type RecordSpec, type TestDeployment, testDeployment } from '../testing/index.js'
import { captureLogs } from './logs.fixture.js'

const Order = z.object({ id: z.string() })
let deployment: TestDeployment
let topic = 'orders'
let topics = 0
const logs = captureLogs()

beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
})
afterAll(() => deployment.stop())
// A topic of its own per test keeps the ledger items apart.
beforeEach(() => {
  topic = `a-${topics++}.b`
  deploy()
  logs.clear()
})

function deploy(mapping: { partialResponses?: boolean; group?: string } = {}) {
  const { partialResponses = true, group = 'g' } = mapping
  process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group, partialResponses, withholds: false }])
}
const event = (records: readonly RecordSpec[]) => kafkaEvent({ topic, records })
const range = (n: number, partition = 0): RecordSpec[] =>
  Array.from({ length: n }, (_, i) => ({ partition, key: `k${i % 7}`, value: { id: `${partition}-${i}` } }))
const failures = (response: { batchItemFailures: { itemIdentifier: { partition: string; offset: number } }[] }) =>
  response.batchItemFailures.map(
    ({ itemIdentifier: { partition, offset } }) => `${partition.slice(topic.length + 1)}:${offset}`,
  )

async function ledgerState(partition = 0, group = 'g') {
  const Key = { pk: { S: `${group}#${topic}#${partition}` }, sk: { S: 'ledger' } }
  const { Item } = await deployment.client.send(
    new GetItemCommand({ TableName: deployment.ledgerTable, Key, ConsistentRead: true }),
  )
  return Item?.s?.B && { ...decodeState(Item.s.B), version: Number(Item.v?.N) }
}
async function failuresTable() {
  const { Items = [] } = await deployment.client.send(new ScanCommand({ TableName: deployment.failuresTable }))
  return Items.filter((item) => item.topic?.S === topic)
}

/** A function that counts which records its handler saw. */
function counting(handle: Handler<{ id: string }> = () => ok()) {
  const seen: string[] = []
  const handler = kafkaFunction({ value: json(Order), order: 'key' }, (record, ctx) => {
    seen.push(record.value.id)
    return handle(record, ctx)
  })
  return { seen, handler }
}

describe('a batch', () => {
  it.each([
    1, 2, 16, 64,
  ])('of %i partitions is settled whole, and the next event is taken [E-01]', async (partitions) => {
    const { seen, handler } = counting()
    const all = Array.from({ length: partitions }, (_, p) => range(3, p)).flat()
    expect(await invoke(handler, event(all))).toEqual({ batchItemFailures: [] })
    expect(seen).toHaveLength(partitions * 3)
    const next = Array.from({ length: partitions }, (_, partition) => ({ partition, offset: 3, value: { id: 'next' } }))
    expect(await invoke(handler, event(next))).toEqual({ batchItemFailures: [] })
    expect(seen).toHaveLength(partitions * 4)
  })

  it('that comes again is skipped, by this environment and by another [P-05, T-16 partly]', async () => {
    const { seen, handler } = counting()
    await invoke(handler, event(range(20)))
    expect(await invoke(handler, event(range(20)))).toEqual({ batchItemFailures: [] })
    const other = counting()
    expect(await invoke(other.handler, event(range(20)))).toEqual({ batchItemFailures: [] })
    expect([seen.length, other.seen.length]).toEqual([20, 0])
  })

  it('whose end is marked by a record processes and settles what comes before it in the same batch [T-03 partly]', async () => {
    const { seen, handler } = counting(({ value }) => (value.id === 'EXIT' ? drop('end of stream') : ok()))
    await invoke(handler, event([{ value: { id: 'a' } }, { value: { id: 'b' } }, { value: { id: 'EXIT' } }]))
    expect(seen).toEqual(['a', 'b', 'EXIT'])
    expect((await ledgerState())?.settled).toMatchObject([{ from: 0, to: 2 }])
  })

  it('is no end of its stream: a thousand random batches leave nothing behind [E-02, E-03, E-04]', async () => {
    const { seen, handler } = counting()
    const next = [0, 0, 0, 0]
    let produced = 0
    let random = 20_261_121
    const draw = (below: number) => {
      random = (random * 1_103_515_245 + 12_345) % 2 ** 31
      return Math.floor((random / 2 ** 31) * below)
    }
    for (let batch = 0; batch < 1_000; batch++) {
      const records = Array.from({ length: draw(6) }, () => {
        const partition = draw(4)
        const offset = next[partition] ?? 0
        next[partition] = offset + 1
        return { partition, offset, value: { id: `${partition}:${offset}` } }
      })
      produced += records.length
      expect(await invoke(handler, event(records))).toEqual({ batchItemFailures: [] })
    }
    expect(new Set(seen).size).toBe(produced)
    for (const [partition, end] of next.entries()) {
      expect((await ledgerState(partition))?.settled).toMatchObject([{ from: 0, to: end - 1 }])
    }
  }, 120_000)

  it('that is empty is an empty success and writes nothing [T-11]', async () => {
    const { handler } = counting()
    expect(await invoke(handler, event([]))).toEqual({ batchItemFailures: [] })
    expect(await ledgerState()).toBeUndefined()
  })

  it('costs two write units per source partition and two calls, whatever its size [P-24]', async () => {
    const { handler } = counting()
    // dynalite has no PartiQL: there each source partition is a call of its own.
    const ledgerCalls = deployment.engine === 'dynoxide' ? 2 : 8
    const sized = (size: number, from: number) =>
      event([0, 1, 2, 3].flatMap((p) => range(size, p).map((spec, i) => ({ ...spec, offset: from + i }))))
    await invoke(handler, sized(1, 0))
    let from = 1
    for (const size of [1, 10, 100, 1_000]) {
      logs.clear()
      await invoke(handler, sized(size, from))
      from += size
      expect(logs.lines('batch')).toMatchObject([
        { ok: size * 4, ledgerCalls, ledgerWriteUnits: 8, ledgerReadUnits: 0 },
      ])
    }
  })
})

describe('a record that fails', () => {
  it('is reported alone, with what waits behind it in its lane, and its neighbours are settled [E-06, P-11, P-14]', async () => {
    const { handler, seen } = counting(({ value }) => {
      if (value.id === '0-3') throw new Error('downstream')
    })
    const response = await invoke(handler, event([...range(20, 0), ...range(20, 1)]))
    expect(failures(response)).toEqual(['0:3', '0:10', '0:17'])
    expect(seen).toHaveLength(38)
    expect((await ledgerState())?.open).toMatchObject([{ offset: 3, attempts: 1 }])
    seen.length = 0
    expect(failures(await invoke(handler, event([...range(20, 0), ...range(20, 1)])))).toEqual(['0:3', '0:10', '0:17'])
    expect(seen).toEqual(['0-3'])
    expect(logs.lines('retry')).toMatchObject([
      { offset: 3, attempt: 1, rule: 'failed', reason: 'downstream' },
      { offset: 3, attempt: 2 },
    ])
  })

  it('is run with its attempt, and given to the failures table when they are spent [K-09, P-07]', async () => {
    const attempts: [number, boolean][] = []
    const handler = kafkaFunction({ retry: { attempts: 3 } }, (_, ctx) => {
      attempts.push([ctx.attempt, ctx.lastAttempt])
      return retry('never')
    })
    const one = event([{ key: 'k', value: 'null', headers: [['h', Buffer.from([200])]], timestamp: 5 }])
    expect(failures(await invoke(handler, one))).toEqual(['0:0'])
    expect(failures(await invoke(handler, one))).toEqual(['0:0'])
    expect(failures(await invoke(handler, one))).toEqual([])
    expect(attempts).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ])
    expect(await failuresTable()).toMatchObject([
      {
        partition: { N: '0' },
        offset: { N: '0' },
        timestamp: { N: '5' },
        attempts: { N: '3' },
        stage: { S: 'process' },
        rule: { S: 'exhausted' },
        reason: { S: 'never' },
        group: { S: 'g' },
      },
    ])
    expect(failures(await invoke(handler, one))).toEqual([])
    expect(attempts).toHaveLength(3)
  })

  it('starts anew with its attempts where its timestamp says that it is another record at the same offset (rule 8)', async () => {
    const attempts: number[] = []
    const handler = kafkaFunction({}, (_, ctx) => {
      attempts.push(ctx.attempt)
      return retry('later')
    })
    for (const timestamp of [1, 1, 2]) await invoke(handler, event([{ value: 'null', timestamp }]))
    expect(attempts).toEqual([1, 2, 1])
  })

  it.each([
    ['a handler that throws a text', 'just text'],
    ['a handler that throws nothing', undefined],
    ['a handler that throws a circular object', Object.assign({}, { toJSON: () => 1n })],
  ])('for %s is retried like any other', async (_, thrown) => {
    const { handler } = counting(() => {
      throw thrown
    })
    expect(failures(await invoke(handler, event(range(1))))).toEqual(['0:0'])
    expect(logs.lines('retry')).toMatchObject([{ error: { code: 'ML_HANDLER_THREW' } }])
  })
})

describe('what producers and plain JavaScript may do', () => {
  it('keeps the attempts of a record that a delivery could not start', async () => {
    const attempts: number[] = []
    let slow = false
    const handler = kafkaFunction({ concurrency: 1, reserveMs: 700, order: 'key' }, async (record, ctx) => {
      if (record.offset === 0 && slow) await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))
      if (record.offset !== 1) return
      attempts.push(ctx.attempt)
      return retry('later')
    })
    const failing = event([{ key: 'b', value: 1, offset: 1 }])
    await invoke(handler, failing)
    await invoke(handler, failing)
    slow = true
    await invoke(
      handler,
      event([
        { key: 'a', value: 1, offset: 0 },
        { key: 'b', value: 1, offset: 1 },
      ]),
      { timeoutMs: 1_000 },
    )
    await invoke(handler, failing)
    expect(attempts).toEqual([1, 2, 3])
  })

  it('settles records whose timestamps are no milliseconds of this age', async () => {
    const { handler } = counting()
    const odd = [1.7e18, -9.2e18, 0, 5.5].map((timestamp) => ({ timestamp, value: { id: 'x' } }))
    expect(await invoke(handler, event(odd))).toEqual({ batchItemFailures: [] })
    const again = counting()
    expect(await invoke(again.handler, event(odd))).toEqual({ batchItemFailures: [] })
    expect(again.seen).toEqual([])
  })

  it.each([
    [undefined],
    [new Error('boom')],
    [{ a: 1 }],
  ])('keeps a record given up on for the reason %o', async (reason) => {
    const handler = kafkaFunction({}, () => fallback(reason as never))
    expect(await invoke(handler, event(range(1)))).toEqual({ batchItemFailures: [] })
    expect(await failuresTable()).toHaveLength(1)
  })

  it('refuses a reserve that leaves no time at all', async () => {
    const handler = kafkaFunction({ reserveMs: 60_000 }, () => {})
    await expect(invoke(handler, event(range(1)), { timeoutMs: 30_000 })).rejects.toThrow('ML_OPTION_INVALID')
  })
})

describe('poison', () => {
  const poison: [string, RecordSpec, string, string][] = [
    ['bad JSON', { value: '{"id":' }, 'decode', 'ML_DECODE_JSON'],
    ['empty bytes', { value: '' }, 'decode', 'ML_DECODE_JSON'],
    ['invalid UTF-8', { value: Buffer.from([0x22, 0xff, 0x22]) }, 'decode', 'ML_DECODE_UTF8'],
    ['an invalid key', { value: { id: 'x' }, key: Buffer.from([0xff]) }, 'decode', 'ML_DECODE_UTF8'],
    ['a key and a value that are both bad', { value: 'x', key: Buffer.from([0xff]) }, 'decode', 'ML_DECODE_UTF8'],
    ['a schema violation', { value: { id: 5 } }, 'validate', 'ML_RECORD_INVALID'],
    ['a tombstone that the schema does not take', { value: null, key: 'k' }, 'validate', 'ML_RECORD_INVALID'],
  ]
  it.each(
    poison,
  )('(%s) goes to the failures table, once, and its neighbours are handled [P-01, P-02 partly, P-04, P-09]', async (_, spec, stage, code) => {
    const { handler, seen } = counting()
    const batch = event([{ value: { id: 'a' } }, spec, { value: { id: 'b' } }])
    expect(await invoke(handler, batch)).toEqual({ batchItemFailures: [] })
    expect(seen).toEqual(['a', 'b'])
    expect(await failuresTable()).toMatchObject([{ offset: { N: '1' }, attempts: { N: '0' }, stage: { S: stage } }])
    const [line, ...more] = logs.lines('fallback')
    expect(line).toMatchObject({ topic, partition: 0, offset: 1, stage, error: { code } })
    expect(more).toEqual([])
    expect((await ledgerState())?.settled).toMatchObject([{ from: 0, to: 2 }])
  })

  it('that a handler finds itself goes the same way, and a drop nowhere [P-06 partly]', async () => {
    const { handler } = counting(({ value }) => (value.id === '0-0' ? fallback('suspicious') : drop('boring')))
    expect(await invoke(handler, event(range(2)))).toEqual({ batchItemFailures: [] })
    expect(await failuresTable()).toMatchObject([
      { offset: { N: '0' }, rule: { S: 'outcome' }, reason: { S: 'suspicious' } },
    ])
    expect(logs.lines('drop')).toMatchObject([{ offset: 1, reason: 'boring' }])
  })
})

describe('two groups', () => {
  it('on one topic each see all records, with ledgers of their own [R-15]', async () => {
    const one = counting()
    await invoke(one.handler, event(range(5)))
    deploy({ group: 'h' })
    const other = counting()
    await invoke(other.handler, event(range(5)))
    expect([one.seen.length, other.seen.length]).toEqual([5, 5])
    expect((await ledgerState(0, 'g'))?.settled).toEqual((await ledgerState(0, 'h'))?.settled)
  })
})

describe('a mapping without partial responses', () => {
  it('gets an error for any failure, and what is settled is skipped when the whole batch comes again (rule 6)', async () => {
    deploy({ partialResponses: false })
    let fails = true
    const { handler, seen } = counting(({ value }) => (fails && value.id === '0-2' ? retry('later') : ok()))
    await expect(invoke(handler, event(range(4)))).rejects.toThrow(/ML_BATCH_FAILED: 1 of 4 records/)
    fails = false
    expect(await invoke(handler, event(range(4)))).toEqual({ batchItemFailures: [] })
    expect(seen).toEqual(['0-0', '0-1', '0-2', '0-3', '0-2'])
  })
})

describe('a breach of contract', () => {
  it('fails the batch with a code, settles nothing and gives the claim back (rule 9)', async () => {
    let breaks = true
    const handler = kafkaFunction({}, (record) =>
      breaks && record.offset === 1 ? ({ status: 'ok' } as never) : undefined,
    )
    await expect(invoke(handler, event(range(3)))).rejects.toThrow('ML_OUTCOME_UNKNOWN')
    expect(await ledgerState()).toMatchObject({ settled: [], claim: null })
    breaks = false
    expect(await invoke(handler, event(range(3)))).toEqual({ batchItemFailures: [] })
  })
})

describe('the deadline', () => {
  it('starts no record below the reserve: what is done is settled, the rest reported [T-21]', async () => {
    const handler = kafkaFunction({ concurrency: 1, reserveMs: 29_500 }, async (record, { signal }) => {
      if (record.offset !== 1) return
      // Ends as the reserve begins.
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    })
    expect(failures(await invoke(handler, event(range(4)), { timeoutMs: 30_000 }))).toEqual(['0:2', '0:3'])
    expect(await ledgerState()).toMatchObject({
      settled: [{ from: 0, to: 1 }],
      pending: [{ from: 2, to: 3 }],
      claim: null,
    })
  })

  it('cuts off a handler that does not end, and settles the others', async () => {
    const handler = kafkaFunction({ order: 'key', reserveMs: 900 }, (record) =>
      record.offset === 1 ? new Promise<void>(() => {}) : undefined,
    )
    expect(failures(await invoke(handler, event(range(4)), { timeoutMs: 1_000 }))).toEqual(['0:1'])
    expect(await ledgerState()).toMatchObject({ open: [{ offset: 1, attempts: 1 }], claim: null })
  })
})

describe('bad deployments and events', () => {
  it.each([
    ['no mapping for the topic', { MILLRACE_MAPPINGS: '[]' }, 'ML_EVENT_NO_MAPPING'],
    ['mappings that are no JSON', { MILLRACE_MAPPINGS: 'x' }, 'ML_DEPLOYMENT_INVALID'],
    ['mappings that are none', { MILLRACE_MAPPINGS: '[{}]' }, 'ML_DEPLOYMENT_INVALID'],
    ['no ledger table named', { MILLRACE_LEDGER_TABLE: '' }, 'ML_DEPLOYMENT_INCOMPLETE'],
    ['a missing ledger table', { MILLRACE_LEDGER_TABLE: 'absent' }, 'ML_TABLE_MISSING'],
    ['a store that does not answer', { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1' }, 'ML_STORE_UNREACHABLE'],
  ])('get an error with a code: %s', async (_, change, code) => {
    const before = { ...process.env }
    Object.assign(process.env, change)
    try {
      await expect(invoke(counting().handler, event(range(1)))).rejects.toThrow(code)
    } finally {
      Object.assign(process.env, before)
    }
  })

  it('lose nothing where the failures table is missing: poison is reported', async () => {
    const before = process.env.MILLRACE_FAILURES_TABLE
    process.env.MILLRACE_FAILURES_TABLE = 'absent'
    const { handler } = counting()
    expect(
      failures(await invoke(handler, event([{ value: 'x' }, ...range(1).map((r) => ({ ...r, offset: 1 }))]))),
    ).toEqual(['0:0'])
    process.env.MILLRACE_FAILURES_TABLE = before
    expect(logs.lines('retry')).toMatchObject([{ stage: 'sink', rule: 'unacknowledged' }])
  })

  it('that are no Kafka event are refused with a code', async () => {
    await expect(invoke(counting().handler, { Records: [] } as never)).rejects.toThrow('ML_EVENT_NOT_KAFKA')
  })
})
