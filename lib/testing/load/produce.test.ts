import { Kafka, type KafkaMessage, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Broker, startBroker } from '../../local/broker/index.js'
import { loadRecords, type OutgoingRecord, type ProduceOptions, produce } from './index.js'

let broker: Broker
let topics = 0
beforeAll(async () => {
  broker = await startBroker()
})
afterAll(() => broker.stop())

interface Found {
  readonly partition: number
  readonly message: KafkaMessage
}

async function consume(topic: string, count: number): Promise<Found[]> {
  const consumer = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).consumer({
    groupId: topic,
    maxWaitTimeInMs: 50,
  })
  const found: Found[] = []
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({ eachMessage: async ({ partition, message }) => void found.push({ partition, message }) })
  await expect.poll(() => found.length, { timeout: 10_000 }).toBe(count)
  await consumer.disconnect()
  return found
}

async function sent(
  records: Iterable<OutgoingRecord> | AsyncIterable<OutgoingRecord>,
  more: Partial<ProduceOptions> = {},
) {
  const topic = more.topic ?? `t${topics++}`
  const produced = await produce(records, { brokers: [broker.address], topic, partitions: 3, ...more })
  return { topic, produced }
}

const take = function* <T>(count: number, from: Iterable<T>): Generator<T> {
  let taken = 0
  for (const one of from) {
    if (taken++ === count) return
    yield one
  }
}
const plain = (value: string, more: Partial<OutgoingRecord> = {}): OutgoingRecord => ({
  value: Buffer.from(value),
  ...more,
})

describe('producing', () => {
  it('says where every record lies, and the broker agrees', async () => {
    const { topic, produced } = await sent(take(2_500, loadRecords({ keys: 50 })))
    const found = await consume(topic, 2_500)
    expect(produced).toMatchObject({ topic, records: 2_500 })
    for (const { partition, records, first, last } of produced.partitions) {
      const offsets = found.filter((one) => one.partition === partition).map(({ message }) => Number(message.offset))
      expect([offsets.length, Math.min(...offsets), Math.max(...offsets)]).toEqual([records, first, last])
    }
    const more = await sent(take(10, loadRecords()), { topic })
    expect(more.produced.partitions.every(({ first }) => first > 0)).toBe(true)
  })

  it('spreads records without a key evenly [R-17]', async () => {
    const { produced } = await sent(take(300, loadRecords({ nullKeys: 1 })))
    expect(produced.partitions.map(({ records }) => records)).toEqual([100, 100, 100])
  })

  it('puts records of one key into one partition, in their order [R-18]', async () => {
    const { topic } = await sent(take(300, loadRecords({ keys: 10 })))
    const places = new Map<string, Set<number>>()
    const numbers = new Map<string, number[]>()
    for (const { partition, message } of await consume(topic, 300)) {
      const key = String(message.key)
      places.set(key, (places.get(key) ?? new Set()).add(partition))
      numbers.set(key, [...(numbers.get(key) ?? []), JSON.parse(String(message.value)).n])
    }
    expect([...places.values()].map(({ size }) => size)).toEqual(Array(10).fill(1))
    for (const ns of numbers.values()) expect(ns).toEqual(ns.toSorted((a, b) => a - b))
  })

  it('honours an explicit partition, and a partitioner of one’s own for the others [R-19]', async () => {
    const asked: number[] = []
    const { topic } = await sent([plain('a', { partition: 2 }), plain('b', { key: Buffer.from('k') })], {
      partitioner: (record, partitions) => {
        asked.push(partitions)
        return record.value?.length === 1 ? 1 : 0
      },
    })
    const found = await consume(topic, 2)
    expect(found.map(({ partition, message }) => [String(message.value), partition]).sort()).toEqual([
      ['a', 2],
      ['b', 1],
    ])
    expect(asked).toEqual([3])
  })

  it('keeps null and empty apart, repeated headers, and timestamps [R-12]', async () => {
    const empty = Buffer.alloc(0)
    const headers = [
      ['h', Buffer.from('1')],
      ['h', Buffer.from([0xff])],
    ] as const
    const { topic } = await sent([
      { key: null, value: null, partition: 0 },
      { key: empty, value: empty, partition: 0, headers, timestamp: 1_700_000_000_000 },
    ])
    const [tombstone, second] = (await consume(topic, 2)).map(({ message }) => message)
    expect([tombstone?.key, tombstone?.value]).toEqual([null, null])
    expect([second?.key, second?.value]).toEqual([empty, empty])
    expect(second?.timestamp).toBe('1700000000000')
    expect(second?.headers?.h).toEqual([Buffer.from('1'), Buffer.from([0xff])])
  })

  it('sends what was taken when it is told to end, and says so', async () => {
    const stop = new AbortController()
    const endless = loadRecords()
    const { topic, produced } = await sent(endless, {
      signal: stop.signal,
      onProgress: (records) => records >= 2_000 && stop.abort(),
    })
    expect(produced.records).toBeGreaterThanOrEqual(2_000)
    expect(await consume(topic, produced.records)).toHaveLength(produced.records)
  })

  it('does not let a record wait for one that is slow to come', async () => {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    const slow = async function* () {
      yield plain('first')
      await released
      yield plain('second')
    }
    const progress: number[] = []
    const { produced } = await sent(slow(), {
      onProgress: (records) => {
        progress.push(records)
        release()
      },
    })
    expect([progress, produced.records]).toEqual([[1, 2], 2])
  })

  it('refuses a topic that is not there, and a partition it has not', async () => {
    const { topic } = await sent([plain('x')])
    const missing = produce([plain('x')], { brokers: [broker.address], topic: 'none' })
    await expect(missing).rejects.toThrow(/^ML_LOCAL_TOPIC_MISSING: there is no topic none .*--partitions/)
    await expect(sent([plain('x', { partition: 3 })], { topic })).rejects.toThrow(/^ML_OPTION_INVALID: .*partition 3/)
    const nobody = produce([plain('x')], { brokers: ['127.0.0.1:9'], topic })
    await expect(nobody).rejects.toThrow(/^ML_LOCAL_KAFKA_UNREACHABLE/)
  })

  it('says how many were acknowledged where the broker goes', async () => {
    const other = await startBroker()
    const failing = produce(loadRecords(), {
      brokers: [other.address],
      topic: 'cut',
      partitions: 1,
      onProgress: (records) => records === 3_000 && void other.stop(),
    })
    await expect(failing).rejects.toThrow(/^ML_PRODUCE_FAILED: cut did not take .* [3-9]\d{3} were acknowledged before/)
  })
})
