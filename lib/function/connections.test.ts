import { expect, it } from 'vitest'
import { systemClock } from '../clock.js'
import { type Engine, processBatch } from '../engine/index.js'
import { readBatch } from '../event/index.js'
import { openLedger } from '../ledger/index.js'
import { ok } from '../outcome/index.js'
import { fallbackOf, opening } from '../sink/index.js'
import { httpSink } from '../sink/targets/index.js'
import { startService } from '../sink/targets/service.fixture.js'
import { kafkaEvent } from '../testing/index.js'
import { Tables } from '../testing/simulation/tables.js'

const invocations = 10_000
/** So often the sink has something to write; a request costs much more than all the rest. */
const writesEvery = 20

function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

it(
  'ten thousand invocations share a sink’s connections, and leave no socket, timer or listener behind [K-13]',
  {
    timeout: 120_000,
  },
  async () => {
    const service = await startService((_, response) => response.end('{}'), 4_000)
    const sink = httpSink({ url: service.url })
    const tables = new Tables(systemClock.now)
    const store: Parameters<typeof openLedger>[0]['store'] = {
      usage: { calls: 0, readUnits: 0, writeUnits: 0, conflicts: 0 },
      load: async (keys) => keys.map((key) => tables.load(key)),
      swap: async (swaps) => swaps.map((swap) => tables.swap(swap)),
      transact: () => Promise.reject(new Error('not used')),
    }
    const log = () => {}
    const engine: Engine = {
      ...{ order: 'partition', concurrency: 1, atomicity: 'record', partialResponses: true },
      ...{ recordTimeoutMs: Number.POSITIVE_INFINITY, checkpointRecords: Number.POSITIVE_INFINITY },
      policy: {
        retry: {
          ...{ attempts: 5, intervalMs: 0, factor: 2, capMs: 0, jitter: 'none' },
          ...{ maxAgeMs: Number.POSITIVE_INFINITY, onExhausted: 'fallback' },
        },
        hold: { maxDeliveries: 1 },
        poison: { decode: 'fallback', validate: 'fallback', process: 'fallback', sink: 'fallback' },
        classify: () => ({ status: 'retry', rule: 'failed' }),
      },
      ledger: openLedger({
        store,
        clock: systemClock,
        group: 'g',
        leaseMs: 10_000,
        withholds: false,
        delivery: 'at-least-once',
      }),
      fallback: fallbackOf(sink, { group: 'g', functionName: 'f' }, systemClock),
      onSuccess: { sink, group: 'g' },
      clock: systemClock,
      log: { debug: log, info: log, warn: log, error: log },
      handle: ({ offset }) => (offset % writesEvery === 0 ? ok({ value: offset }) : ok()),
    }
    const open = opening([sink])
    let before = resources()
    for (let offset = 0; offset < invocations; offset++) {
      if (offset === 100) before = resources()
      await open({ group: 'g', functionName: 'f', bootstrapServers: undefined, clock: systemClock }, 1_000)
      const batch = readBatch(kafkaEvent({ topic: 't', records: [{ offset, value: offset }] }))
      const owner = systemClock.nonce()
      const { unsettled } = await processBatch(batch, engine, { owner, remainingMs: () => 60_000, reserveMs: 2_000 })
      expect(unsettled.flatMap(({ offsets }) => offsets)).toEqual([])
    }
    expect(service.received).toHaveLength(invocations / writesEvery)
    expect(service.sockets.made).toBeLessThan(10)
    for (const [name, count] of Object.entries(resources()))
      expect(count, name).toBeLessThanOrEqual((before[name] ?? 0) + 4)
    await sink.close?.()
    await expect.poll(() => service.sockets.open, { timeout: 10_000 }).toBe(0)
    await service.stop()
  },
)
