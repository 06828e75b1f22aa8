import { describe, expect, it, vi } from 'vitest'
import type { KafkaEvent } from '../../event/index.js'
import {
  broker,
  committed,
  crash,
  createOrders,
  mapping,
  numbered,
  ok,
  produce,
  producer,
  report,
  values,
} from './mapping.fixture.js'

describe('a mapping', () => {
  it("turns records into Lambda's event, several partitions in one", async () => {
    const on = await broker()
    await produce(on, [
      { partition: 0, key: 'k', value: 'v', headers: { h: ['hello-world-ë', 'again'] }, timestamp: '1545084650987' },
      { partition: 1, value: null, timestamp: '1545084650988' },
    ])
    const events: KafkaEvent[] = []
    const running = await mapping(on, (event) => ok(void events.push(event)))
    await running.idle()
    const common = { topic: 'orders', offset: 0, timestampType: 'CREATE_TIME' }
    const bytes = [104, 101, 108, 108, 111, 45, 119, 111, 114, 108, 100, 45, -61, -85]
    expect(events).toEqual([
      {
        eventSource: 'SelfManagedKafka',
        bootstrapServers: on.address,
        records: {
          'orders-0': [
            {
              ...common,
              partition: 0,
              timestamp: 1545084650987,
              key: 'aw==',
              value: 'dg==',
              headers: [{ h: bytes }, { h: [97, 103, 97, 105, 110] }],
            },
          ],
          'orders-1': [{ ...common, partition: 1, timestamp: 1545084650988, headers: [] }],
        },
      },
    ])
    expect(Object.keys(events[0]?.records['orders-1']?.[0] ?? {})).not.toContain('value')
    expect(await committed(on)).toEqual({ 0: 1, 1: 1 })
  })

  it('names the cluster of an MSK mapping', async () => {
    const on = await broker()
    await produce(on, numbered(1))
    const events: KafkaEvent[] = []
    const eventSourceArn = 'arn:aws:kafka:us-east-1:123456789012:cluster/orders/1'
    const running = await mapping(on, (event) => ok(void events.push(event)), { source: 'msk', eventSourceArn })
    await running.idle()
    expect(events[0]).toMatchObject({ eventSource: 'aws:kafka', eventSourceArn })
  })

  it('closes a batch by its size at once, and the last one when its window ends', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(on, numbered(25))
    const running = await mapping(on, () => ok(), { batchSize: 10, batchingWindowMs: 300 })
    await running.idle()
    expect(running.history.map(({ partitions }) => partitions['orders-0'])).toEqual([
      { count: 10, first: 0, last: 9 },
      { count: 10, first: 10, last: 19 },
      { count: 5, first: 20, last: 24 },
    ])
  })

  it('with a window of 0 delivers a record as it comes, and waits for no other [R-01]', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await createOrders(on, [])
    const running = await mapping(on, () => ok(), { batchSize: 100, batchingWindowMs: 0 })
    for (const offset of [0, 1, 2]) {
      await produce(on, numbered(1))
      await expect.poll(() => running.history.length, { timeout: 10_000 }).toBe(offset + 1)
    }
    expect(running.history.map(({ partitions }) => partitions['orders-0'])).toEqual(
      [0, 1, 2].map((offset) => ({ count: 1, first: offset, last: offset })),
    )
  })

  it('delivers everything once and in order with many partitions and small batches, one batch in flight [K-02]', async () => {
    const on = await broker({ defaultPartitions: 5 })
    await produce(on, Array.from({ length: 5 }, (_, partition) => numbered(400, partition)).flat())
    const seen: Record<string, string[]> = {}
    let inFlight = 0
    const running = await mapping(
      on,
      async (event) => {
        expect(++inFlight).toBe(1)
        for (const [key, list] of Object.entries(values(event))) seen[key] = [...(seen[key] ?? []), ...list]
        await new Promise(setImmediate)
        inFlight--
        return ok()
      },
      { batchSize: 37, batchingWindowMs: 0 },
    )
    await running.idle()
    const all = numbered(400).map(({ value }) => value)
    expect(seen).toEqual(Object.fromEntries([0, 1, 2, 3, 4].map((partition) => [`orders-${partition}`, all])))
    expect(running.history.every(({ decision }) => decision === 'settled')).toBe(true)
  })

  it('delivers the same batch again after a crash, and commits only when it is settled', async () => {
    const on = await broker()
    await produce(on, [...numbered(3, 0), ...numbered(2, 1)])
    const events: KafkaEvent[] = []
    const offsets: unknown[] = []
    const running = await mapping(on, async (event) => {
      events.push(event)
      offsets.push(await committed(on))
      return events.length < 3 ? crash : ok()
    })
    await running.idle()
    expect(events).toHaveLength(3)
    expect(events[1]).toEqual(events[0])
    expect(events[2]).toEqual(events[0])
    expect(offsets).toEqual(Array.from({ length: 3 }, () => ({ 0: 0, 1: 0 })))
    expect(running.history.map(({ batch, attempt, decision }) => [batch, attempt, decision])).toEqual([
      [1, 1, 'failed'],
      [1, 2, 'failed'],
      [1, 3, 'settled'],
    ])
    expect(await committed(on)).toEqual({ 0: 3, 1: 2 })
  })

  it.each([
    ['from-lowest', ['1', '2', '3']],
    ['reported-only', ['1', '3']],
  ] as const)('redelivers %s after a partial failure, and no partition without failures', async (redelivery, again) => {
    const on = await broker()
    await produce(on, [...numbered(4, 0), ...numbered(2, 1)])
    const events: KafkaEvent[] = []
    const running = await mapping(
      on,
      (event) => (events.push(event) === 1 ? report(['orders-0', 3], ['orders-0', 1]) : ok()),
      {},
      { switches: { redelivery } },
    )
    await running.idle()
    expect(events.map(values)).toEqual([
      { 'orders-0': ['0', '1', '2', '3'], 'orders-1': ['0', '1'] },
      { 'orders-0': again },
    ])
    expect(await committed(on)).toEqual({ 0: 4, 1: 2 })
  })

  it('reads no partial response where they are off, or where provisioned mode is', async () => {
    const on = await broker()
    await produce(on, numbered(2))
    const lines: string[] = []
    const running = await mapping(
      on,
      () => report(['orders-0', 1]),
      { provisioned: false },
      { log: (l) => lines.push(l) },
    )
    await running.idle()
    expect(running.history.map(({ decision }) => decision)).toEqual(['settled'])
    expect(lines.join('\n')).toContain('ReportBatchItemFailures needs a ProvisionedPollerConfig')
  })

  it('gives up after its retries, loudly, and goes on', async () => {
    const on = await broker()
    await produce(on, numbered(3))
    const onDiscard = vi.fn()
    const lines: string[] = []
    const running = await mapping(
      on,
      () => report(['orders-0', 1]),
      { maximumRetryAttempts: 2 },
      { onDiscard, log: (line) => lines.push(line), switches: { redelivery: 'reported-only' } },
    )
    await running.idle()
    expect(running.history).toHaveLength(3)
    expect(onDiscard.mock.calls).toMatchObject([
      [{ condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3, records: [{ offset: 1 }] }],
    ])
    expect(lines.join('\n')).toContain('DISCARDED 1 records: orders:0:1')
    expect(await committed(on)).toEqual({ 0: 3, 1: 0 })
  })

  it('does not count what never reached the function as an attempt', async () => {
    const on = await broker()
    await produce(on, numbered(1))
    let calls = 0
    const running = await mapping(
      on,
      () => {
        if (++calls < 4) throw new Error('no worker')
        return ok()
      },
      { maximumRetryAttempts: 0 },
    )
    await running.idle()
    expect(running.history.map(({ decision }) => decision)).toEqual(['unreached', 'unreached', 'unreached', 'settled'])
  })

  it('drops a record that no event can carry, and delivers its neighbours', async () => {
    const on = await broker({ defaultPartitions: 1 })
    const send = await producer(on)
    await createOrders(on, [{ name: 'max.message.bytes', value: '6000000' }])
    await send.send({ topic: 'orders', messages: [{ value: 'a' }] })
    await send.send({ topic: 'orders', messages: [{ value: Buffer.alloc(5 * 1024 * 1024) }] })
    await send.send({ topic: 'orders', messages: [{ value: 'c' }] })
    const seen: string[] = []
    const onDiscard = vi.fn()
    const running = await mapping(
      on,
      (event) => ok(void seen.push(...(values(event)['orders-0'] ?? []))),
      {},
      { onDiscard },
    )
    await running.idle()
    expect(seen).toEqual(['a', 'c'])
    expect(onDiscard.mock.calls).toMatchObject([
      [{ condition: 'MaximumPayloadSizeExceeded', records: [{ offset: 1 }] }],
    ])
    expect(await committed(on)).toEqual({ 0: 3 })
  })

  it('keeps every event below 6 MB', async () => {
    const on = await broker()
    const send = await producer(on)
    const value = Buffer.alloc(700_000, 1)
    for (let n = 0; n < 16; n++) await send.send({ topic: 'orders', messages: [{ value, partition: n % 2 }] })
    const sizes: number[] = []
    const invoke = (event: KafkaEvent) => ok(void sizes.push(Buffer.byteLength(JSON.stringify(event))))
    const running = await mapping(on, invoke, { batchingWindowMs: 2000 })
    await running.idle()
    const counts = running.history.flatMap(({ partitions }) => Object.values(partitions).map(({ count }) => count))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(16)
    // Six of these records fit into 6 MB and a seventh does not.
    expect(Math.max(...sizes)).toBeGreaterThan(5 * 1024 * 1024)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(6 * 1024 * 1024)
  })

  it('starts where it is told, unless the group has been there before', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(on, [
      { value: 'old', timestamp: '1000' },
      { value: 'new', timestamp: '3000' },
    ])
    const seen: string[] = []
    const invoke = (event: KafkaEvent) => ok(void seen.push(...(values(event)['orders-0'] ?? [])))
    const latest = await mapping(on, invoke, { group: 'latest', startingPosition: 'LATEST' })
    await latest.idle()
    const timed = await mapping(on, invoke, {
      group: 't',
      startingPosition: 'AT_TIMESTAMP',
      startingPositionTimestamp: 2,
    })
    await timed.idle()
    expect(seen).toEqual(['new'])
    await Promise.all([latest.stop(), timed.stop()])
    await produce(on, [{ value: 'while away' }])
    const again = await mapping(on, invoke, { group: 'latest', startingPosition: 'LATEST' })
    await again.idle()
    expect(seen).toEqual(['new', 'while away'])
  })

  it('delivers a settled batch again on demand, between two others', async () => {
    const on = await broker()
    await produce(on, numbered(10))
    let inFlight = 0
    const events: KafkaEvent[] = []
    const running = await mapping(
      on,
      async (event) => {
        expect(++inFlight).toBe(1)
        events.push(event)
        await new Promise(setImmediate)
        inFlight--
        return ok()
      },
      { batchSize: 2 },
      { onBatch: ({ event, batch }) => batch === 1 && void again.push(running.redeliver(event)) },
    )
    const again: Promise<unknown>[] = []
    await running.idle()
    expect(await Promise.all(again)).toMatchObject([{ redelivered: true, decision: { kind: 'settled' } }])
    expect(events).toHaveLength(6)
    expect(events.filter((event) => event.records === events[0]?.records)).toHaveLength(2)
  })
})
