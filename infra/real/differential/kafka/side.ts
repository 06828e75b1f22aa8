import { type Admin, Kafka, logLevel } from 'kafkajs'
import { until } from '../case.js'
import { openWire, type Wire } from './wire.js'

/** A broker as a case meets it; what it opens is closed after it. */
export interface KafkaSide {
  readonly address: string
  /** As its users run it, but soon out of patience. */
  readonly kafka: Kafka
  readonly admin: Admin
  /** For topics, groups and the like: the same on both sides, and no other case's. */
  readonly name: string
  /** Creates a topic named by the case, with a leader for each partition. */
  topic(partitions?: number, suffix?: string): Promise<string>
  wire(): Promise<Wire>
  /** Closes it after the case. */
  closing<T>(thing: T, close: (thing: T) => unknown): T
}

/** Runs a case's work on a side of its own. */
export async function onKafka<T>(address: string, id: string, work: (side: KafkaSide) => Promise<T>): Promise<T> {
  const open: (() => unknown)[] = []
  const name = id.replaceAll(/[^a-z0-9]+/gi, '-')
  const closing = <U>(thing: U, close: (thing: U) => unknown): U => {
    open.push(() => close(thing))
    return thing
  }
  const kafka = new Kafka({
    brokers: [address],
    clientId: 'differential',
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 3 },
  })
  // One of the case's own: kafkajs goes on asking for topics that are gone.
  const admin = closing(kafka.admin(), (one) => one.disconnect())
  try {
    await admin.connect()
    return await work({
      address,
      kafka,
      admin,
      name,
      closing,
      wire: async () => closing(await openWire(address), (wire) => wire.close()),
      async topic(numPartitions = 1, suffix = '') {
        const topic = name + suffix
        await admin.createTopics({ topics: [{ topic, numPartitions }] })
        // It is there a moment before its partitions can be asked.
        await until(() => admin.fetchTopicOffsets(topic))
        return topic
      },
    })
  } finally {
    for (let close = open.pop(); close !== undefined; close = open.pop()) await close()
  }
}
