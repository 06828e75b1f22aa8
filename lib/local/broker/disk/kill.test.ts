import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'
import { closing } from '../kafkajs.fixture.js'
import { commitOffset } from './commit.fixture.js'
import { folder } from './folder.fixture.js'
import { type BrokerProcess, brokerProcess } from './process.fixture.js'

const rounds = 5
const partitions = [0, 1, 2]

/** A seeded choice of numbers, the same again for the same seed. */
function choices(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A client that goes on trying while the broker is away. */
function kafka({ address }: BrokerProcess): Kafka {
  const retry = { retries: 1000, initialRetryTime: 20, maxRetryTime: 100 }
  return new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, retry, connectionTimeout: 1000 })
}

test('what was acknowledged is there, in order and once, however often the broker is killed while it works', async () => {
  const seed = Number(process.env.MILLRACE_KILL_SEED ?? Date.now() % 1_000_000)
  console.info(`seed ${seed} (MILLRACE_KILL_SEED repeats it)`)
  const choose = choices(seed)
  const broker = await brokerProcess(folder())
  const client = kafka(broker)
  const admin = closing(client.admin(), (one) => one.disconnect())
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'orders', numPartitions: partitions.length }] })
  const producer = closing(client.producer({ idempotent: true, maxInFlightRequests: 1 }), (one) => one.disconnect())
  await producer.connect()

  const acknowledged = partitions.map(() => 0)
  let committed = 0
  let killAt = 20
  let stopped = false
  const produce = async (partition: number) => {
    while (!stopped) {
      await producer.send({ topic: 'orders', messages: [{ partition, value: String(acknowledged[partition]) }] })
      acknowledged[partition] = (acknowledged[partition] ?? 0) + 1
    }
  }
  const commit = async () => {
    while (!stopped) {
      const next = { group: 'readers', topic: 'orders', partition: 0, offset: committed + 1 }
      let error: number | undefined
      // What was not acknowledged may count or not, and is made again.
      while (error === undefined) error = await commitOffset(broker.port, next)
      expect(error).toBe(0)
      committed = next.offset
    }
  }
  const kill = async () => {
    for (let round = 0; round < rounds; round++) {
      await expect
        .poll(() => acknowledged.reduce((sum, n) => sum + n, 0), { timeout: 20_000, interval: 1 })
        .toBeGreaterThan(killAt)
      await broker.killAndRestart()
      killAt = acknowledged.reduce((sum, n) => sum + n, 0) + 5 + choose(200)
    }
    stopped = true
  }
  await Promise.all([...partitions.map(produce), commit(), kill()])
  await broker.killAndRestart()

  const [offsets] = await admin.fetchOffsets({ groupId: 'readers', topics: ['orders'] })
  expect(Number(offsets?.partitions.find(({ partition }) => partition === 0)?.offset)).toBe(committed)
  expect(await read(client, acknowledged)).toEqual(
    acknowledged.map((count) => Array.from({ length: count }, (_, n) => String(n))),
  )
})

/** The values of each partition, read until as many are there as were acknowledged, and all that follow. */
async function read(client: Kafka, expected: readonly number[]): Promise<string[][]> {
  const seen: string[][] = expected.map(() => [])
  const admin = closing(client.admin(), (one) => one.disconnect())
  await admin.connect()
  const ends = await admin.fetchTopicOffsets('orders')
  const total = ends.reduce((sum, { high }) => sum + Number(high), 0)
  const consumer = closing(client.consumer({ groupId: 'check', maxWaitTimeInMs: 50 }), (one) => one.disconnect())
  await consumer.connect()
  await consumer.subscribe({ topic: 'orders', fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ partition, message }) => void seen[partition]?.push(String(message.value)),
  })
  await expect.poll(() => seen.flat().length, { timeout: 20_000 }).toBe(total)
  return seen
}
