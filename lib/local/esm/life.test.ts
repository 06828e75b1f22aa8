import { spawn } from 'node:child_process'
import { describe, expect, it, vi } from 'vitest'
import type { KafkaEvent } from '../../event/index.js'
import { startBroker } from '../broker/index.js'
import { compiledProgram } from '../program.js'
import { startMapping } from './index.js'
import { lifeOf } from './life.js'
import {
  broker,
  committed,
  config,
  crash,
  latch,
  mapping,
  numbered,
  ok,
  produce,
  producer,
  values,
} from './mapping.fixture.js'

describe('the life of a mapping', () => {
  it('finishes what is in flight when it is stopped, and the next one goes on from there', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(on, numbered(10))
    let release = (): void => undefined
    let reached = (): void => undefined
    const started = new Promise<void>((resolve) => (reached = resolve))
    const first = await mapping(
      on,
      () =>
        new Promise((resolve) => {
          release = () => resolve(ok())
          reached()
        }),
      { batchSize: 4 },
    )
    await started
    const stopped = first.stop()
    release()
    await stopped
    expect(await committed(on)).toEqual({ 0: 4 })
    const second = await mapping(on, () => ok())
    await second.idle()
    expect(second.history[0]?.partitions).toEqual({ 'orders-0': { count: 6, first: 4, last: 9 } })
  })

  it('commits nothing of a batch that keeps failing when it is stopped', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(on, numbered(2))
    const running = await mapping(on, () => crash)
    await vi.waitFor(() => expect(running.history.length).toBeGreaterThan(1))
    await running.stop()
    expect(await committed(on)).toEqual({ 0: 0 })
    await expect(running.idle()).rejects.toThrow('ML_LOCAL_STOPPED')
  })

  it('stops within seconds while the broker answers nothing, and says what was not committed', async () => {
    const main = compiledProgram(new URL('../../cli/main.js', import.meta.url))
    const child = spawn(process.execPath, [main, 'broker', '--port', '0'], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      let said = ''
      child.stdout.on('data', (text) => (said += text))
      const address = await vi.waitFor(() => /127\.0\.0\.1:\d+/.exec(said)?.[0] ?? expect.fail(said), { timeout: 9000 })
      await produce({ address }, numbered(1))
      const errors: string[] = []
      const onError = ({ message }: Error) => void errors.push(message)
      const running = await mapping({ address }, () => ok(void child.kill('SIGSTOP')), {}, { onError })
      await vi.waitFor(() => expect(running.history).toHaveLength(1), { timeout: 9000 })
      await running.stop()
      expect(errors).toMatchObject([expect.stringContaining('no broker has answered within 5 s of the stop')])
    } finally {
      child.kill('SIGKILL')
    }
  })

  it('shares the partitions when another member comes, and takes them back when it leaves, losing nothing', async () => {
    const on = await broker({ defaultPartitions: 4 })
    const send = await producer(on)
    const seen = new Set<string>()
    const invoke = (event: KafkaEvent) => {
      for (const [key, list] of Object.entries(values(event))) for (const value of list) seen.add(`${key}:${value}`)
      return ok()
    }
    const batchOf = (from: number) => [0, 1, 2, 3].flatMap((partition) => numbered(50, partition, from))
    await send.send({ topic: 'orders', messages: batchOf(0) })
    const first = await mapping(on, invoke, { batchSize: 7, batchingWindowMs: 0 })
    await send.send({ topic: 'orders', messages: batchOf(50) })
    const second = await mapping(on, invoke, { batchSize: 7, batchingWindowMs: 0 })
    await send.send({ topic: 'orders', messages: batchOf(100) })
    await Promise.all([first.idle(), second.idle()])
    expect(second.history.length).toBeGreaterThan(0)
    await second.stop()
    await send.send({ topic: 'orders', messages: batchOf(150) })
    await first.idle()
    expect(seen.size).toBe(800)
  })

  it('brings a partition no more that it lost while its batch was in flight', async () => {
    const on = await broker({ defaultPartitions: 2 })
    await produce(on, [...numbered(3, 0), ...numbered(3, 1)])
    let fail = (): void => undefined
    const failed = new Promise<void>((resolve) => (fail = resolve))
    let invoked = (): void => undefined
    const inFlight = new Promise<void>((resolve) => (invoked = resolve))
    const first = await mapping(on, async () => {
      if (first.history.length > 0) return ok()
      invoked()
      await failed
      return crash
    })
    await inFlight
    const second = await mapping(on, () => ok())
    await vi.waitFor(() => expect(second.history).toHaveLength(1), { timeout: 10_000 })
    fail()
    await Promise.all([first.idle(), second.idle()])
    const keys = [...first.history, ...second.history].map(({ partitions }) => Object.keys(partitions).join())
    expect(keys[0]).toBe('orders-0,orders-1')
    expect(keys.slice(1).sort()).toEqual(['orders-0', 'orders-1'])
    expect(await committed(on)).toEqual({ 0: 3, 1: 3 })
  })

  it('has as many pollers as it is told to have, at most one per partition', async () => {
    const on = await broker({ defaultPartitions: 2 })
    await produce(on, [...numbered(1, 0), ...numbered(1, 1)])
    const running = await mapping(on, () => ok(), { minimumPollers: 3 })
    await running.idle()
    const before = running.history.length
    await produce(on, [...numbered(4, 0), ...numbered(4, 1)])
    await running.idle()
    const keys = running.history.slice(before).map(({ partitions }) => Object.keys(partitions).join())
    expect(keys.sort()).toEqual(['orders-0', 'orders-1'])
  })

  it('outlives its broker: all that a new and empty one at the same address receives is delivered', async () => {
    const first = await startBroker({ defaultPartitions: 1 })
    await produce(first, numbered(3))
    const seen: string[] = []
    const running = await mapping(first, (event) => ok(void seen.push(...(values(event)['orders-0'] ?? []))))
    await running.idle()
    await first.stop()
    const second = await broker({ port: first.port, defaultPartitions: 1 })
    await produce(second, numbered(5, 0, 100))
    await vi.waitFor(() => expect(seen).toContain('104'), { timeout: 25_000 })
    await running.idle()
    // Some may come twice: until the client notices, it reads on from where it was.
    expect(seen.slice(-5)).toEqual(['100', '101', '102', '103', '104'])
  })

  it('reads nothing from when it is disabled until it is enabled, and goes on behind what was committed', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(on, numbered(6))
    const [begun, gate] = [latch(), latch()]
    const invoke = async () => {
      begun.open()
      await gate.opened
      return ok()
    }
    const running = await mapping(on, invoke, { batchSize: 4 })
    await begun.opened
    const disabled = running.life.disable()
    await vi.waitFor(() => expect(running.life.state).toBe('Disabling'))
    gate.open()
    await disabled
    expect(running.life.state).toBe('Disabled')
    await running.idle()
    expect(await committed(on)).toEqual({ 0: 4 })
    await produce(on, numbered(1, 0, 6))
    expect(running.history).toHaveLength(1)
    await running.life.enable()
    await running.idle()
    expect(running.history.slice(1).map(({ partitions }) => partitions)).toEqual([
      { 'orders-0': { count: 3, first: 4, last: 6 } },
    ])
  })

  it('is disabled again, and says why, where it cannot be enabled', async () => {
    const on = await broker()
    const running = await mapping(on, () => ok(), { enabled: false })
    await expect(running.life.enable()).rejects.toThrow('ML_LOCAL_TOPIC_MISSING')
    expect(running.life).toMatchObject({ state: 'Disabled', refusal: { code: 'ML_LOCAL_TOPIC_MISSING' } })
    await produce(on, numbered(1))
    await running.life.enable()
    await running.idle()
    expect(running.life).toMatchObject({ state: 'Enabled', refusal: undefined })
    await running.stop()
    await running.life.enable()
    expect(running.life.state).toBe('Deleting')
  })

  it('reads nothing while it is disabled', async () => {
    const on = await broker()
    await produce(on, numbered(1))
    const running = await mapping(on, () => ok(), { enabled: false })
    await running.idle()
    expect(running.history).toEqual([])
  })
})

describe('a life whose work cannot be stopped', () => {
  it('is Disabled all the same, says what went wrong, and can be enabled again', async () => {
    let [starts, fails] = [0, true]
    const life = lifeOf({
      start: async () => {
        if (++starts === 2) throw new Error('no start')
      },
      stop: async () => {
        if (fails) throw new Error('no stop')
      },
      close: async () => undefined,
    })
    await life.enable()
    await expect(life.disable()).rejects.toThrow('no stop')
    expect(life.state).toBe('Disabled')
    await expect(life.enable()).rejects.toThrow()
    expect(life).toMatchObject({ state: 'Disabled', refusal: new Error('no start') })
    fails = false
    await life.enable()
    expect(life.state).toBe('Enabled')
  })
})

describe('a mapping is refused', () => {
  it.each([
    ['ConsumptionMode', { consumptionMode: 'Queue' }],
    ['OnFailure', { onFailureDestination: 'arn:aws:lambda:us-east-1:1:function:f' }],
    ['OnFailure', { onFailureDestination: 'kafka://orders' }],
    ['OnFailure', { onFailureDestination: 'kafka://failed', provisioned: false }],
    ['SourceAccessConfigurations', { sourceAccess: ['VIRTUAL_HOST'] }],
    ['ConsumerGroupId', { group: 'a b' }],
    ['minimumPollers', { minimumPollers: 3, maximumPollers: 2 }],
    ['batchingWindowMs', { batchingWindowMs: 300_001 }],
    ['SchemaRegistryConfig', { schemaRegistry: {} }],
    ['batchSize', { batchSize: 10_001 }],
    ['maximumRecordAgeSeconds', { maximumRecordAgeSeconds: 59 }],
    ['StartingPosition', { startingPosition: 'AT_TIMESTAMP' }],
    ['StartingPositionTimestamp', { startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp: 9e9 }],
    ['StartingPositionTimestamp', { startingPositionTimestamp: 1 }],
  ] as const)('with %s', async (name, changes) => {
    const options = { brokers: ['127.0.0.1:1'], invoke: async () => ok() }
    await expect(startMapping(config(changes), options)).rejects.toThrow(`has ${name}`)
  })

  it('when its topic does not exist', async () => {
    const on = await broker()
    await expect(mapping(on, () => ok())).rejects.toThrow('ML_LOCAL_TOPIC_MISSING')
  })

  it('when no broker answers', async () => {
    const gone = await startBroker()
    await gone.stop()
    await expect(mapping(gone, () => ok())).rejects.toThrow('ML_LOCAL_KAFKA_UNREACHABLE')
  })
})
