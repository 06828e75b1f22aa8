import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, it, vi } from 'vitest'
import { MillraceError } from '../../errors.js'
import type { KafkaEvent } from '../../event/index.js'
import type { Broker } from '../broker/index.js'
import type { MappingOptions } from './index.js'
import { broker, committed, mapping, numbered, ok, produce, producer, values } from './mapping.fixture.js'

/** The members of the group as the broker has them. */
async function members(on: Broker) {
  const kafka = new Kafka({ brokers: [on.address], clientId: 'observer', logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  const { groups } = await admin.describeGroups(['workers'])
  await admin.disconnect()
  return groups[0]?.members ?? []
}

describe('where a mapping starts', () => {
  const seenFrom = async (on: Broker, group: string, startOffsets: Record<number, number>) => {
    const events: KafkaEvent[] = []
    const running = await mapping(
      on,
      (event) => ok(void events.push(event)),
      { group, startingPosition: 'LATEST' },
      { startOffsets },
    )
    await running.idle()
    await running.stop()
    return events.map(values)
  }

  it('may be told by offset, for a replay: by partition, before its starting position, and after what is committed [R-13]', async () => {
    const on = await broker({ defaultPartitions: 2 })
    await produce(on, [...numbered(5, 0), ...numbered(5, 1)])
    expect(await seenFrom(on, 'replay', { 0: 3 })).toEqual([{ 'orders-0': ['3', '4'] }])
    expect(await seenFrom(on, 'replay', { 0: 0, 1: 0 })).toEqual([])
    expect(await committed(on, 'replay')).toEqual({ 0: 5, 1: 5 })
  })

  it.each([
    ['an offset past the end', { 0: 6 }],
    ['a negative one', { 0: -1 }],
    ['a partition that is not there', { 2: 0 }],
  ])('cannot be %s', async (_, startOffsets) => {
    const on = await broker({ defaultPartitions: 2 })
    await produce(on, numbered(5))
    await expect(seenFrom(on, 'replay', startOffsets)).rejects.toThrow('ML_OPTION_INVALID')
  })
})

describe('the pollers of a mapping', () => {
  it('spread ten partitions over five, two each, and say which they have [R-20, R-33]', async () => {
    const on = await broker({ defaultPartitions: 10 })
    await produce(on, numbered(1))
    const lines: string[] = []
    const running = await mapping(on, () => ok(), { minimumPollers: 5 }, { log: (line) => lines.push(line) })
    await vi.waitFor(
      () => expect(Object.values(running.assignment).map(({ length }) => length)).toEqual([2, 2, 2, 2, 2]),
      {
        timeout: 20_000,
      },
    )
    expect(
      Object.values(running.assignment)
        .flat()
        .sort((a, b) => a - b),
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    for (const [poller, partitions] of Object.entries(running.assignment)) {
      const last = lines.findLast((line) =>
        line.startsWith(`mapping OrdersMapping poller ${poller}: assigned partitions:`),
      )
      expect(last).toContain(`assigned partitions: ${partitions.join(' ')}; `)
    }
    const first = lines.find((line) => line.includes('poller OrdersMapping/1: assigned'))
    expect(first).toMatch(/assigned partitions: 0 1 2 3 4 5 6 7 8 9; gained: 0 1 2 3 4 5 6 7 8 9$/)
    expect(lines.join('\n')).toMatch(/; lost: \d/)
  })

  it('are one on demand, however many partitions there are', async () => {
    const on = await broker({ defaultPartitions: 3 })
    await produce(on, numbered(1))
    const running = await mapping(on, () => ok(), { provisioned: false, partialResponses: false, minimumPollers: 3 })
    await running.idle()
    expect(running.assignment).toEqual({ 'OrdersMapping/1': [0, 1, 2] })
  })

  it('have an id, in each attempt, each line of the log and at the broker [R-32]', async () => {
    const on = await broker({ defaultPartitions: 2 })
    await produce(on, [...numbered(1, 0), ...numbered(1, 1)])
    const lines: string[] = []
    const onBatch = vi.fn()
    const running = await mapping(on, () => ok(), { minimumPollers: 2 }, { log: (line) => lines.push(line), onBatch })
    await running.idle()
    const pollers = ['OrdersMapping/1', 'OrdersMapping/2']
    expect(onBatch.mock.calls.every(([{ poller }]) => pollers.includes(poller))).toBe(true)
    expect(running.history.every(({ poller }) => pollers.includes(poller))).toBe(true)
    expect(lines.filter((line) => !/^mapping OrdersMapping( poller OrdersMapping\/[12])?: /.test(line))).toEqual([])
    expect((await members(on)).map(({ clientId }) => clientId).sort()).toEqual(pollers.map((one) => `millrace-${one}`))
  })

  it('join with the group and the session timeout that they are given [R-31]', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(on, numbered(1))
    const consumer: MappingOptions['consumer'] = { sessionTimeoutMs: 6000, heartbeatIntervalMs: 300, maxWaitMs: 50 }
    const running = await mapping(on, () => ok(), { group: 'workers' }, { consumer })
    await running.idle()
    expect(await members(on)).toHaveLength(1)
    // What the broker refuses shows that it was asked for.
    const onError = vi.fn()
    await mapping(on, () => ok(), { group: 'others' }, { consumer: { sessionTimeoutMs: 2 ** 30 }, onError })
    await vi.waitFor(() => expect(onError).toHaveBeenCalled())
    expect(onError.mock.calls[0]?.[0].message).toMatch(/session timeout is not within the range/)
  })

  it('are throttled where the function has as many invocations as it may: no retry is spent, and all is delivered', async () => {
    const on = await broker({ defaultPartitions: 2 })
    const send = await producer(on)
    await send.send({ topic: 'orders', messages: numbered(1) })
    let running = 0
    const seen = new Set<string>()
    const throttled = () => one.history.filter(({ decision }) => decision === 'unreached')
    let hold = false
    const invoke = async (event: KafkaEvent) => {
      if (running > 0) throw new MillraceError('ML_LOCAL_THROTTLED', 'one invocation runs, and no more may')
      expect(++running).toBe(1)
      if (hold) await vi.waitFor(() => expect(throttled()).not.toEqual([]))
      for (const [key, list] of Object.entries(values(event))) for (const value of list) seen.add(`${key}:${value}`)
      running--
      return ok()
    }
    const changes = { minimumPollers: 2, batchSize: 5, batchingWindowMs: 0, maximumRetryAttempts: 0 }
    const one = await mapping(on, invoke, changes, { retryBackoffMs: () => 1 })
    await vi.waitFor(() => expect(Object.values(one.assignment).map(({ length }) => length)).toEqual([1, 1]))
    hold = true
    await send.send({ topic: 'orders', messages: [...numbered(40, 0, 1), ...numbered(40, 1, 1)] })
    await one.idle()
    expect(seen.size).toBe(81)
    expect(throttled()[0]?.reason).toContain('ML_LOCAL_THROTTLED')
  })

  it('say once that credentials are not used', async () => {
    const on = await broker()
    await produce(on, numbered(1))
    const lines: string[] = []
    await mapping(
      on,
      () => ok(),
      { sourceAccess: ['SASL_SCRAM_512_AUTH', 'VPC_SUBNET'] },
      { log: (l) => lines.push(l) },
    )
    expect(lines.filter((line) => line.includes('SourceAccessConfigurations are ignored locally'))).toHaveLength(1)
  })
})

it('shows a function topic, partition, offset, key and value of each record [R-36, R-42]', async () => {
  const on = await broker({ defaultPartitions: 2 })
  await produce(on, [{ partition: 1, key: 'k', value: 'v' }])
  const seen: unknown[] = []
  const running = await mapping(on, (event) => {
    for (const { topic, partition, offset, key, value } of Object.values(event.records).flat()) {
      seen.push([
        topic,
        partition,
        offset,
        Buffer.from(key ?? '', 'base64').toString(),
        Buffer.from(value ?? '', 'base64').toString(),
      ])
    }
    return ok()
  })
  await running.idle()
  expect(seen).toEqual([['orders', 1, 0, 'k', 'v']])
})
