import { Kafka, logLevel } from 'kafkajs'
import { waiting } from '../waiting.js'

/** A client with nothing to do with the fuzzing: whatever happens to others, it must not notice. */
export interface Canary {
  /** Ends it; resolves to what it has to say. */
  stop(): Promise<CanaryReport>
}

export interface CanaryReport {
  /** records it has produced and then consumed, one after the other */
  readonly records: number
  /** longest time from producing to having consumed one, in milliseconds */
  readonly slowestMs: number
  /** what went wrong */
  readonly failures: readonly string[]
}

/** The topic of that client; no fuzzed request writes to it. */
export const canaryTopic = 'canary'
/** Its client writes to the first one only. */
export const partitionWithoutRecords = 1
/** Beyond it a record counts as lost. */
const patienceMs = 20_000

export async function startCanary(address: string): Promise<Canary> {
  const kafka = new Kafka({ brokers: [address], clientId: 'canary', logLevel: logLevel.NOTHING, retry: { retries: 0 } })
  const producer = kafka.producer()
  const consumer = kafka.consumer({ groupId: 'canary', maxWaitTimeInMs: 50, heartbeatInterval: 1000 })
  const failures: string[] = []
  let records = 0
  let slowestMs = 0
  let stopped = false
  let expected = waiting<void>()
  await producer.connect()
  await consumer.connect()
  await producer.send({ topic: canaryTopic, messages: [{ partition: 0, value: 'first' }] })
  await consumer.subscribe({ topic: canaryTopic, fromBeginning: true })
  consumer.on(consumer.events.CRASH, ({ payload }) => failures.push(`its consumer crashed: ${payload.error.message}`))
  const joined = waiting<void>()
  consumer.on(consumer.events.GROUP_JOIN, () => joined.answer())
  await consumer.run({
    eachMessage: async ({ message }) => {
      if (String(message.value) === String(records)) expected.answer()
    },
  })
  await joined.promise
  const work = async () => {
    while (!stopped) {
      expected = waiting()
      const began = performance.now()
      const timer = setTimeout(() => {
        failures.push(`record ${records} was not consumed within ${patienceMs} ms`)
        stopped = true
        expected.answer()
      }, patienceMs)
      await producer.send({ topic: canaryTopic, messages: [{ partition: 0, value: String(records) }] })
      await expected.promise
      clearTimeout(timer)
      slowestMs = Math.max(slowestMs, performance.now() - began)
      records++
    }
  }
  const working = work().catch((error: unknown) => void failures.push(`it could not produce: ${error}`))
  return {
    async stop() {
      stopped = true
      await working
      await Promise.all([producer.disconnect(), consumer.disconnect()])
      return { records, slowestMs, failures }
    },
  }
}
