/** Bare kafkajs in a process of its own: a consumer or a producer, and nothing around it. */
import { setTimeout as delay } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { serve } from '../measure/servant.js'
import { handleOrder, noWork, Order } from '../sides/order.js'
import type { Latencies, Load, Wanted } from './types.js'

const kafka = (brokers: string[]) => new Kafka({ brokers, logLevel: logLevel.NOTHING })

/** Milliseconds from when the consumer has joined its group until it has consumed all. */
async function consume(wanted: Wanted): Promise<number> {
  const { ms } = await run(wanted, () => undefined)
  return ms
}

/** When each record was handled, by the time that its value says it was produced. */
async function follow(wanted: Wanted): Promise<Latencies> {
  const latencies: number[] = []
  await run(wanted, (value) => {
    latencies.push(performance.timeOrigin + performance.now() - JSON.parse(String(value)).sentAt)
  })
  return latencies
}

async function run(
  { brokers, topic, group, records, by, handles }: Wanted,
  see: (value: Buffer | null) => void,
): Promise<{ readonly ms: number }> {
  const consumer = kafka(brokers).consumer({ groupId: group, maxWaitTimeInMs: 100 })
  const work = noWork()
  let [consumed, ended] = [0, 0]
  let done = (): void => undefined
  const all = new Promise<void>((resolve) => (done = resolve))
  const handle = (value: Buffer | null) => handleOrder(work, { value: Order.parse(JSON.parse(String(value))) })
  const count = (more: number): void => {
    consumed += more
    ended = performance.now()
    if (consumed >= records) done()
  }
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run(
    by === 'one'
      ? {
          eachMessage: async ({ message: { value } }) => {
            if (handles) await handle(value)
            see(value)
            count(1)
          },
        }
      : {
          eachBatch: async ({ batch: { messages } }) => {
            if (handles) for (const { value } of messages) await handle(value)
            count(messages.length)
          },
        },
  )
  const began = performance.now()
  await all
  await consumer.disconnect()
  if (consumed !== records || (handles && work.records !== records))
    throw new Error(`consumed ${consumed} of ${records}`)
  return { ms: ended - began }
}

/** Milliseconds until all was acknowledged, 1,000 records to a request. */
async function produce({ brokers, topic, records, bytes }: Load): Promise<number> {
  const producer = kafka(brokers).producer()
  await producer.connect()
  const value = Buffer.alloc(bytes, 'x')
  const perRequest = 1_000
  const began = performance.now()
  for (let sent = 0; sent < records; sent += perRequest) {
    const messages = Array.from({ length: Math.min(perRequest, records - sent) }, (_, i) => ({
      key: `key-${(sent + i) % 1_000}`,
      value,
    }))
    await producer.send({ topic, messages })
  }
  const ms = performance.now() - began
  await producer.disconnect()
  return ms
}

/** One record after another, at so many a second, each with the time when it was sent. */
async function trickle({ brokers, topics, records, perSecond }: Trickle): Promise<void> {
  const producer = kafka(brokers).producer()
  await producer.connect()
  const began = performance.now()
  for (let n = 0; n < records; n++) {
    await delay(Math.max(0, began + (n * 1_000) / perSecond - performance.now()))
    const sentAt = performance.timeOrigin + performance.now()
    const order = { orderId: `order-${n}`, customerId: `customer-${n % 100}`, seq: n, cents: 1, sentAt }
    const messages = [{ key: order.customerId, value: JSON.stringify(order) }]
    await producer.sendBatch({ topicMessages: topics.map((topic) => ({ topic, messages })) })
  }
  await producer.disconnect()
}

interface Trickle {
  readonly brokers: string[]
  readonly topics: readonly string[]
  readonly records: number
  readonly perSecond: number
}

serve({ consume, follow, produce, trickle })
