import { Kafka, logLevel, type Producer } from 'kafkajs'
import { expect, test } from 'vitest'
import { closing } from '../kafkajs.fixture.js'
import { commitOffset } from './commit.fixture.js'
import { folder } from './folder.fixture.js'
import { type BrokerProcess, brokerProcess } from './process.fixture.js'

const rounds = 5
/** A machine may be busy with much else. */
const patienceMs = 60_000

function printedSeed(): number {
  const seed = Number(process.env.MILLRACE_KILL_SEED ?? Date.now() % 1_000_000)
  console.info(`seed ${seed} (MILLRACE_KILL_SEED repeats it)`)
  return seed
}

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

test(
  'what was acknowledged is there, in order and once, however often the broker is killed while it works',
  async () => {
    const choose = choices(printedSeed())
    const broker = await brokerProcess(folder())
    const client = kafka(broker)
    const admin = closing(client.admin(), (one) => one.disconnect())
    await admin.connect()
    const topics = [
      { topic: 'orders', numPartitions: 3 },
      { topic: 'paid', numPartitions: 2 },
    ]
    await admin.createTopics({ topics })
    const producer = closing(client.producer({ idempotent: true, maxInFlightRequests: 1 }), (one) => one.disconnect())
    await producer.connect()

    const acknowledged = [0, 0, 0]
    let committed = 0
    const payments = paying(client)
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
    const total = () => acknowledged.reduce((sum, n) => sum + n, payments.committed.length + committed)
    const kill = async () => {
      for (let round = 0; round < rounds; round++) {
        const from = total()
        const enough = from + 5 + choose(200)
        await expect.poll(total, { timeout: patienceMs, interval: 1 }).toBeGreaterThan(enough)
        await broker.killAndRestart()
      }
      stopped = true
    }
    await Promise.all(
      [...acknowledged.keys()].map(produce).concat(
        commit(),
        payments.until(() => stopped),
        kill(),
      ),
    )
    await broker.killAndRestart()

    const [offsets] = await admin.fetchOffsets({ groupId: 'readers', topics: ['orders'] })
    expect(Number(offsets?.partitions.find(({ partition }) => partition === 0)?.offset)).toBe(committed)
    const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n))
    expect(await read(client, 'orders', acknowledged)).toEqual(acknowledged.map(numbers))
    const [paid = [], again = []] = await read(client, 'paid', [0, 1])
    expect(again).toEqual(paid)
    expect(paid).toEqual([...new Set(paid)].sort((one, other) => Number(one) - Number(other)))
    expect(paid).toEqual(expect.arrayContaining(payments.committed))
    expect(paid.filter((number) => payments.never.includes(number))).toEqual([])
    console.info(`${total()} acknowledged, ${payments.committed.length} of them transactions`)
  },
  4 * patienceMs,
)

/** A transactional producer: each attempt writes its number to both partitions; every third is not to be committed. */
function paying(client: Kafka) {
  const committed: string[] = []
  const never: string[] = []
  const connected = async () => {
    // A transaction that the last kill left open would hold its readers up for as long.
    const transactionTimeout = 5000
    const producer = client.producer({
      transactionalId: 'payer',
      transactionTimeout,
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    return producer
  }
  const attempt = async (producer: Producer, number: string, toCommit: boolean) => {
    never.push(number)
    const transaction = await producer.transaction()
    for (const partition of [0, 1]) await transaction.send({ topic: 'paid', messages: [{ partition, value: number }] })
    if (!toCommit) return transaction.abort()
    never.pop() // from here on it may be committed, though nobody says so
    await transaction.commit()
    committed.push(number)
  }
  const until = async (isOver: () => boolean) => {
    let producer = await connected()
    for (let number = 0; !isOver(); number++) {
      // Where kafkajs gives up, a producer of the same id takes over.
      await attempt(producer, String(number), number % 3 > 0).catch(async () => {
        await producer.disconnect()
        producer = await connected()
      })
    }
    await producer.disconnect()
  }
  return { committed, never, until }
}

/** The committed values of each partition, read until there are as many as expected and a last one behind them. */
async function read(client: Kafka, topic: string, expected: readonly number[]): Promise<string[][]> {
  const producer = closing(client.producer(), (one) => one.disconnect())
  await producer.connect()
  await producer.send({ topic, messages: expected.map((_, partition) => ({ partition, value: 'last' })) })
  const seen: string[][] = expected.map(() => [])
  const consumer = closing(client.consumer({ groupId: `of-${topic}`, maxWaitTimeInMs: 50 }), (one) => one.disconnect())
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ partition, message }) => void seen[partition]?.push(String(message.value)),
  })
  await expect
    .poll(() => seen.map((values) => values.at(-1)), { timeout: patienceMs })
    .toEqual(expected.map(() => 'last'))
  return seen.map((values) => values.slice(0, -1))
}
