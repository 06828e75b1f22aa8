import type { Kafka } from 'kafkajs'
import { asError, MillraceError } from '../../errors.js'
import type { Header } from '../../event/index.js'
import { type KafkaConnection, kafkaProducer } from '../../kafka/index.js'
import { leaseMs } from './chunk.js'

/** A record to be produced, exactly as it is. */
export interface Outgoing {
  readonly topic: string
  /** Undefined: by its key. */
  readonly partition: number | undefined
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
}

/** Produces what is redriven. */
export interface Redriver {
  /** How many partitions a topic has; 0 where there is no such topic. */
  partitions(topic: string): Promise<number>
  /**
   * In their order; of each undefined once every replica has acknowledged it, else why not.
   *
   * @throws MillraceError where Kafka is out of reach for all of them
   */
  produce(records: readonly Outgoing[]): Promise<readonly (Error | undefined)[]>
  close(): Promise<void>
}

type Connection = Pick<KafkaConnection, 'tls' | 'sasl'> & { readonly brokers: readonly string[] }

/** @throws MillraceError `ML_KAFKA_UNREACHABLE` */
export async function openRedriver(kafka: Kafka, connection: Connection): Promise<Redriver> {
  const { brokers } = connection
  // What is not acknowledged by then is given up, before anybody else may take it in hand.
  const producer = kafkaProducer({ ...connection, clientId: 'millrace-redrive', deliveryTimeoutMs: leaseMs / 2 })
  const admin = kafka.admin()
  try {
    await admin.connect()
  } catch (cause) {
    await admin.disconnect()
    const message = `Kafka does not answer at ${brokers.join(', ')}: ${asError(cause).message}; look at --brokers and KAFKA_BROKERS`
    throw new MillraceError('ML_KAFKA_UNREACHABLE', message, { cause })
  }
  const known = new Map<string, number>()
  return {
    async partitions(topic) {
      const count = known.get(topic) ?? (await partitionsOf(topic))
      known.set(topic, count)
      return count
    },
    async produce(records) {
      const sent = await Promise.allSettled(
        records.map(({ partition, headers, ...record }) =>
          producer.produce({
            ...record,
            headers: headers.map(({ key, value }) => [key, value] as const),
            ...(partition !== undefined && { partition }),
          }),
        ),
      )
      const errors = sent.map((one) => (one.status === 'rejected' ? asError(one.reason) : undefined))
      const outage = errors.find((error) => error instanceof MillraceError && error.code === 'ML_KAFKA_UNREACHABLE')
      // What was acknowledged before is dealt with all the same.
      if (outage && errors.every((error) => error !== undefined)) throw outage
      return errors
    },
    async close() {
      await Promise.all([producer.close(), admin.disconnect()])
    },
  }

  async function partitionsOf(topic: string): Promise<number> {
    if (!(await admin.listTopics()).includes(topic)) return 0
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions.length ?? 0
  }
}
