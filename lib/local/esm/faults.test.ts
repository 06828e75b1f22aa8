import { describe, expect, it, vi } from 'vitest'
import type { MillraceError } from '../../errors.js'
import type { KafkaEvent } from '../../event/index.js'
import { startBroker } from '../broker/index.js'
import type { Position } from './index.js'
import { broker, committed, mapping, numbered, ok, produce, producer, values } from './mapping.fixture.js'

describe('a fault on purpose', () => {
  it('rebalances the group under an invocation in flight, and what was not committed comes again', async () => {
    const on = await broker({ defaultPartitions: 2 })
    await produce(on, [...numbered(3, 0), ...numbered(3, 1)])
    let release: (() => void) | undefined
    const lines: string[] = []
    const running = await mapping(
      on,
      () => (running.history.length === 0 ? new Promise((resolve) => (release = () => resolve(ok()))) : ok()),
      {},
      { log: (line) => lines.push(line) },
    )
    await vi.waitFor(() => expect(release).toBeDefined())
    await running.rebalance()
    expect(running.assignment).toEqual({ 'OrdersMapping/1': [0, 1] })
    release?.()
    await running.idle()
    expect(running.history.length).toBeGreaterThan(1)
    expect(await committed(on)).toEqual({ 0: 3, 1: 3 })
    expect(lines.filter((line) => line.includes('assigned partitions: 0 1')).length).toBeGreaterThan(1)
  })

  it('loses nothing of a stream that is rebalanced again and again', async () => {
    const on = await broker({ defaultPartitions: 4 })
    const send = await producer(on)
    const seen = new Set<string>()
    const invoke = (event: KafkaEvent) => {
      for (const [key, list] of Object.entries(values(event))) for (const value of list) seen.add(`${key}:${value}`)
      return ok()
    }
    const all = (from: number) => [0, 1, 2, 3].flatMap((partition) => numbered(25, partition, from))
    await send.send({ topic: 'orders', messages: all(0) })
    const running = await mapping(on, invoke, { batchSize: 5, minimumPollers: 2, batchingWindowMs: 0 })
    for (let n = 1; n <= 3; n++) {
      await Promise.all([running.rebalance(), send.send({ topic: 'orders', messages: all(25 * n) })])
    }
    await running.idle()
    expect(seen.size).toBe(400)
  })

  it('holds deliveries back, by the clock and until a promise', async () => {
    const on = await broker({ defaultPartitions: 1 })
    const send = await producer(on)
    await send.send({ topic: 'orders', messages: numbered(1) })
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    const held: string[] = []
    const beforeInvoke = (_: KafkaEvent, { poller, batch, attempt }: Position) => {
      held.push(`${poller} ${batch}.${attempt}`)
      return released
    }
    const running = await mapping(on, () => ok(), {}, { beforeInvoke })
    await vi.waitFor(() => expect(held).toEqual(['OrdersMapping/1 1.1']))
    expect(running.history).toEqual([])
    release()
    await running.idle()
    const from = Date.now()
    running.delay(300)
    await send.send({ topic: 'orders', messages: numbered(1) })
    await running.idle()
    expect(Date.now() - from).toBeGreaterThanOrEqual(299)
    expect(running.history).toHaveLength(2)
  })

  it('can stop while it holds a delivery back, which then comes to the next mapping', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(on, numbered(1))
    const running = await mapping(on, () => ok(), { batchingWindowMs: 0 })
    running.delay(60_000)
    await running.stop()
    const next = await mapping(on, () => ok())
    await next.idle()
    expect(running.history.length + next.history.length).toBeGreaterThan(0)
    expect(await committed(on)).toEqual({ 0: 1 })
  })

  it('can stop while what it waits for before an invocation never comes', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(on, numbered(1))
    const beforeInvoke = vi.fn(() => new Promise<void>(() => undefined))
    const running = await mapping(on, () => ok(), {}, { beforeInvoke })
    await vi.waitFor(() => expect(beforeInvoke).toHaveBeenCalled())
    await running.stop()
    expect(running.history).toMatchObject([{ decision: 'unreached' }])
    expect(await committed(on)).toEqual({ 0: 0 })
  })

  it('throttles: a delivery that is refused spends no retry and comes again', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(on, numbered(1))
    let refused = 0
    const beforeInvoke = async () => {
      if (++refused < 4) throw new Error('throttled')
    }
    const running = await mapping(on, () => ok(), { maximumRetryAttempts: 0 }, { beforeInvoke })
    await running.idle()
    expect(running.history.map(({ decision }) => decision)).toEqual(['unreached', 'unreached', 'unreached', 'settled'])
  })
})

describe('errors of the source', () => {
  it('are told to whoever watches, and the mapping goes on [R-35]', async () => {
    const first = await startBroker({ defaultPartitions: 1 })
    await produce(first, numbered(1))
    const told: MillraceError[] = []
    const watched: MillraceError[] = []
    const running = await mapping(first, () => ok(), {}, { onError: (error) => told.push(error) })
    const unwatch = running.watchErrors((error) => watched.push(error))
    await running.idle()
    await first.stop()
    await vi.waitFor(() => expect(watched).not.toEqual([]), { timeout: 25_000 })
    unwatch()
    expect(watched[0]).toMatchObject({ code: 'ML_LOCAL_SOURCE_FAILED' })
    expect(told.slice(0, watched.length)).toEqual(watched)
    const second = await broker({ port: first.port, defaultPartitions: 1 })
    await produce(second, numbered(3))
    await vi.waitFor(() => expect(running.history.length).toBeGreaterThan(1), { timeout: 25_000 })
  })

  it('end the mapping where that is its policy [R-35]', async () => {
    const on = await startBroker({ defaultPartitions: 1 })
    await produce(on, numbered(1))
    const running = await mapping(on, () => ok(), {}, { errorPolicy: 'fail' })
    await running.idle()
    await on.stop()
    await vi.waitFor(() => expect(running.idle()).rejects.toThrow('ML_LOCAL_SOURCE_FAILED'), { timeout: 25_000 })
  })

  it('that end the mapping while it starts leave no poller behind', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(on, numbered(1))
    const onError = vi.fn()
    const refused = { consumer: { sessionTimeoutMs: 2 ** 30 }, onError, errorPolicy: 'fail' } as const
    const running = await mapping(on, () => ok(), {}, refused)
    await expect(running.idle()).rejects.toThrow('ML_LOCAL_SOURCE_FAILED')
    await running.stop()
    const before = onError.mock.calls.length
    // It would join, and be refused, twice a second.
    const goesOn = vi.waitFor(() => expect(onError.mock.calls.length).toBeGreaterThan(before), { timeout: 2000 })
    await expect(goesOn).rejects.toThrow()
  })
})
