import { expect, it } from 'vitest'
import type { KafkaEvent, WireRecord } from '../../event/index.js'
import type { InvokeResult } from '../worker/index.js'
import { type Delivery, deliverBatch } from './deliver.js'
import type { Discard } from './discard.js'
import { type Records, recordsOf } from './event.js'
import { config, crash, ok, report } from './mapping.fixture.js'
import { readSwitches } from './switches.js'

const record = (partition: number, offset: number, timestamp: number): WireRecord => ({
  topic: 'orders',
  partition,
  offset,
  timestamp,
  timestampType: 'CREATE_TIME',
  headers: [],
})

const records: Records = { 'orders-0': [record(0, 1, 1000), record(0, 2, 90_000)], 'orders-1': [record(1, 1, 95_000)] }

const idsOf = (list: readonly WireRecord[]) => list.map(({ partition, offset }) => `${partition}:${offset}`).join(' ')

/** A delivery on a clock of its own that moves only while it waits. */
function delivery(results: (InvokeResult | Error)[], changes: Partial<Delivery> = {}) {
  let now = 100_000
  const events: KafkaEvent[] = []
  const discards: Discard[] = []
  const waits: number[] = []
  const made: Delivery = {
    config: config(),
    envelope: { eventSource: 'SelfManagedKafka', bootstrapServers: 'b' },
    switches: readSwitches(),
    destination: undefined,
    onProgress: async () => undefined,
    onError: () => undefined,
    poller: 'p',
    beforeInvoke: () => undefined,
    invoke: async (event) => {
      events.push(event)
      const result = results.shift() ?? ok()
      if (result instanceof Error) throw result
      return result
    },
    backoffMs: (retry) => retry * 1000,
    now: () => now,
    pause: async (ms) => {
      waits.push(ms)
      now += ms
      return true
    },
    owned: () => true,
    onAttempt: () => undefined,
    onDiscard: (discard) => void discards.push(discard),
    ...changes,
  }
  return { made, events, discards, waits }
}

it('waits longer before each retry, and delivers the very same batch', async () => {
  const { made, events, waits } = delivery([crash, crash, crash])
  expect(await deliverBatch(made, 1, records)).toBe(true)
  expect(waits).toEqual([1000, 2000, 3000])
  expect(events.map((event) => event.records === records)).toEqual([true, true, true, true])
})

it('narrows the batch with each partial answer', async () => {
  const { made, events } = delivery([report(['orders-0', 1]), report(['orders-0', 2])])
  await deliverBatch(made, 1, records)
  expect(events.map((event) => idsOf(recordsOf(event.records)))).toEqual(['0:1 0:2 1:1', '0:1 0:2', '0:2'])
})

it('waits no longer than the first time after a delivery that settled something', async () => {
  const { made, waits } = delivery([crash, report(['orders-0', 1]), report(['orders-0', 1]), report(['orders-0', 2])])
  await deliverBatch(made, 1, records)
  expect(waits).toEqual([1000, 1000, 2000, 1000])
})

it('gives up records that are too old, before the first delivery and between retries', async () => {
  const { made, events, discards } = delivery([crash, crash, crash], {
    config: config({ maximumRecordAgeSeconds: 60 }),
    backoffMs: () => 30_000,
  })
  expect(await deliverBatch(made, 1, records)).toBe(true)
  expect(events.map((event) => idsOf(recordsOf(event.records)))).toEqual(['0:2 1:1', '0:2 1:1'])
  expect(discards.map((one) => [one.condition, idsOf(one.records), one.approximateInvokeCount])).toEqual([
    ['RecordAgeExceeded', '0:1', 0],
    ['RecordAgeExceeded', '0:2 1:1', 2],
  ])
})

it.each([
  'RecordAgeExceeded',
  'EventAgeExceeded',
] as const)('gives up by age as %s, as the switch says', async (ageCondition) => {
  const { made, discards } = delivery([], {
    config: config({ maximumRecordAgeSeconds: 60 }),
    switches: readSwitches({ ageCondition }),
  })
  await deliverBatch(made, 1, records)
  expect(discards.map(({ condition }) => condition)).toEqual([ageCondition])
})

it('brings a partition no more that was given to another poller', async () => {
  const owned = new Set(['orders-0', 'orders-1'])
  const { made, events } = delivery([crash], { owned: (key) => owned.has(key) })
  const pause = (ms: number) => {
    owned.delete('orders-0')
    return made.pause(ms)
  }
  await deliverBatch({ ...made, pause }, 1, records)
  expect(events.map((event) => Object.keys(event.records))).toEqual([['orders-0', 'orders-1'], ['orders-1']])
})

it('says so when it is stopped before the batch is settled', async () => {
  const { made, events } = delivery([crash], { pause: async () => false })
  expect(await deliverBatch(made, 1, records)).toBe(false)
  expect(events).toHaveLength(1)
})

it('spends no attempt on what never reached the function', async () => {
  const { made, discards } = delivery([new Error('throttled'), new Error('throttled'), crash, crash], {
    config: config({ maximumRetryAttempts: 1 }),
  })
  await deliverBatch(made, 1, records)
  expect(discards).toMatchObject([{ condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 }])
})
