import { type AttributeValue, paginateScan } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { systemClock } from '../../clock.js'
import { failuresTable } from '../../deployment/index.js'
import { readBatch } from '../../event/index.js'
import { ensureTables, type Store, startStore, storeClient } from '../../local/store/index.js'
import { startStoreProxy } from '../../testing/faults/store-proxy.js'
import { kafkaEvent, type SinkOnTarget, sinkConformance } from '../../testing/index.js'
import type { Sink, SinkRecord } from '../contract.js'
import type { Failure } from '../sink.js'
import { envelopeOfItems, failuresSink } from './index.js'

let store: Store
let tables = 0
beforeAll(async () => {
  store = await startStore()
})
afterAll(() => store.stop())

/** The kit's record, given up on. */
function failureOf({ source: { topic, partition, offset, timestamp }, key, value }: SinkRecord): Failure {
  const [batch] = readBatch(kafkaEvent({ topic, records: [{ partition, offset, timestamp, key, value }] })).partitions
  const [record] = batch?.records ?? []
  if (record === undefined) throw new Error('an event of one record has one')
  const why = { attempts: 1, firstSeen: 1, lastSeen: 2, stage: 'process', rule: 'exhausted', reason: 'r' } as const
  return { record, ...why }
}

const invalid = { __type: 'com.amazon.coral.validate#ValidationException', message: 'refused' }

/** A failures table as a sink, reached through a proxy that counts, refuses and delays. */
async function target(): Promise<SinkOnTarget> {
  const table = `failures-${tables++}`
  const direct = storeClient(store.url)
  await ensureTables(direct, [failuresTable(table)])
  let calls = 0
  let hangs = false
  let refused: ReadonlySet<string> = new Set()
  const proxy = await startStoreProxy({
    target: store.url,
    rule: ({ body }) => {
      calls++
      if (hangs) return { delayMs: 60_000 }
      const text = JSON.stringify(body)
      const isRefused = [...refused].some((id) => text.includes(`"offset":{"N":"${id.split(/[:#]/)[2]}"}`))
      return isRefused ? { status: 400, body: invalid } : 'pass'
    },
  })
  const client = storeClient(proxy.url)
  const failures = failuresSink({ client, table, clock: systemClock, group: 'conformance', functionName: 'f' })
  const sink: Sink = {
    name: `the failures table ${table}`,
    write: (records, signal) => failures.write(records.map(failureOf), signal),
  }
  const items = async () => {
    const all: Record<string, AttributeValue>[] = []
    for await (const { Items = [] } of paginateScan({ client: direct }, { TableName: table })) all.push(...Items)
    return all.sort((a, b) => ((a.sk?.S ?? '') < (b.sk?.S ?? '') ? -1 : 1))
  }
  return {
    sink,
    contents: async () => {
      const all = await items()
      return all
        .filter(({ offset }) => offset !== undefined)
        .map((head) => {
          const pieces = all.filter(({ sk }) => sk?.S?.startsWith(`${head.sk?.S}#`))
          const { id, key = null, value = null } = envelopeOfItems(head, pieces)
          return { id: `${id}#0`, key, value }
        })
    },
    snapshot: async () => JSON.stringify((await items()).map((one) => Object.entries(one).sort())),
    calls: () => calls,
    refuse: (ids) => {
      refused = ids
    },
    hang: (one) => {
      hangs = one
    },
    async dispose() {
      client.destroy()
      direct.destroy()
      await proxy.stop()
    },
  }
}

describe('the failures table, as any sink [K-11, K-16]', () => {
  const checks = sinkConformance({ make: target, shows: ['calls', 'refuse', 'hang'] })
  it.each(checks)('$name', ({ run }) => run(), 30_000)
})
