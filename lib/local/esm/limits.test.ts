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
  values,
} from './mapping.fixture.js'

const batchingWindowMs = 500

/** A topic with so many records, and a function whose first invocation ends when it is released. */
async function held(records: number) {
  const on = await broker({ defaultPartitions: 1 })
  const send = await producer(on)
  await send.send({ topic: 'orders', messages: numbered(records) })
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  const begun: number[] = []
  const invoke = async () => {
    if (begun.push(Date.now()) === 1) await released
    return ok()
  }
  return { on, send, begun, invoke, release: () => release() }
}

describe('the batching window', () => {
  it('starts anew on demand when an invocation is over, however long records have waited', async () => {
    const { on, send, begun, invoke, release } = await held(1)
    const running = await mapping(on, invoke, { batchingWindowMs, provisioned: false, partialResponses: false })
    await vi.waitFor(() => expect(begun).toHaveLength(1))
    await send.send({ topic: 'orders', messages: numbered(1, 0, 2) })
    const sent = Date.now()
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(sent + 2 * batchingWindowMs), { timeout: 9000 })
    const released = Date.now()
    release()
    await running.idle()
    expect((begun[1] ?? 0) - released).toBeGreaterThanOrEqual(batchingWindowMs - 20)
  })

  it('starts anew in provisioned mode for what a full batch leaves behind, however long that has been there', async () => {
    const { on, send, begun, invoke, release } = await held(2)
    const running = await mapping(on, invoke, { batchSize: 2, batchingWindowMs })
    await vi.waitFor(() => expect(begun).toHaveLength(1))
    await send.send({ topic: 'orders', messages: numbered(3, 0, 2) })
    const sent = Date.now()
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(sent + 2 * batchingWindowMs), { timeout: 9000 })
    release()
    await running.idle()
    expect(begun).toHaveLength(3)
    expect((begun[2] ?? 0) - (begun[1] ?? 0)).toBeGreaterThanOrEqual(batchingWindowMs - 20)
  })
})

describe('a record that no event can carry', () => {
  const large = [{ value: 'a' }, { value: Buffer.alloc(5 * 1024 * 1024) }, { value: 'c' }]

  it('blocks its partition where the switch says so, and no other, until a destination takes it', async () => {
    const on = await broker({ defaultPartitions: 2 })
    await createOrders(on, [{ name: 'max.message.bytes', value: '6000000' }])
    await produce(on, [...large.map((one) => ({ ...one, partition: 0 })), ...numbered(3, 1)])
    const events: KafkaEvent[] = []
    const onError = vi.fn()
    const switches = { oversizedWithoutDestination: 'block' } as const
    const running = await mapping(on, (event) => ok(void events.push(event)), {}, { switches, onError })
    await vi.waitFor(async () => expect(await committed(on)).toEqual({ 0: 1, 1: 3 }), { timeout: 10_000 })
    expect(onError.mock.calls[0]?.[0].message).toMatch(
      /orders:0:1 is larger .* give the mapping an on-failure destination/,
    )
    await produce(on, [{ value: 'd', partition: 0 }, ...numbered(1, 1, 3)])
    await vi.waitFor(async () => expect(await committed(on)).toEqual({ 0: 1, 1: 4 }), { timeout: 10_000 })
    expect(events.flatMap((event) => values(event)['orders-0'] ?? [])).toEqual(['a'])
    await running.stop()
    const onFailureDestination = 'kafka://large'
    const sent = await mapping(on, () => ok(), { onFailureDestination }, { onError, errorPolicy: 'continue' })
    await vi.waitFor(() => expect(onError.mock.calls.at(-1)?.[0].code).toBe('ML_LOCAL_DESTINATION_FAILED'))
    // A Kafka destination has the broker's limit, and what it does not take stays.
    expect(await committed(on)).toEqual({ 0: 1, 1: 4 })
    await sent.stop()
  })
})

describe('a batch with a killer', () => {
  it('is bisected until it is alone, in both partitions, and given up with one message', async () => {
    const on = await broker({ defaultPartitions: 2 })
    await produce(on, [...numbered(16, 0), ...numbered(16, 1)])
    const done: string[] = []
    const onDiscard = vi.fn()
    const invoke = (event: KafkaEvent) => {
      const ids = Object.entries(values(event)).flatMap(([key, list]) => list.map((value) => `${key}:${value}`))
      if (ids.includes('orders-0:5') || ids.includes('orders-1:9')) return crash
      done.push(...ids)
      return ok()
    }
    const running = await mapping(on, invoke, { bisect: true, maximumRetryAttempts: 0 }, { onDiscard })
    await running.idle()
    expect(new Set(done).size).toBe(30)
    expect(done).toHaveLength(30)
    expect(onDiscard.mock.calls).toMatchObject([
      [
        {
          condition: 'RetryAttemptsExhausted',
          records: [
            { partition: 0, offset: 5 },
            { partition: 1, offset: 9 },
          ],
        },
      ],
    ])
    expect(await committed(on)).toEqual({ 0: 16, 1: 16 })
  })
})
