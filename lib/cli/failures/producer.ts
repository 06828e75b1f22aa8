import { type Kafka, Partitioners } from 'kafkajs'
import { asError, MillraceError } from '../../errors.js'
import type { Header } from '../../event/index.js'
import { exactHeaders } from './headers.js'

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
   * In their order; of each undefined once every replica has acknowledged it, else why it was refused.
   *
   * @throws MillraceError `ML_PRODUCE_FAILED` where Kafka is out of reach, whatever was produced by then
   */
  produce(records: readonly Outgoing[]): Promise<readonly (Error | undefined)[]>
  close(): Promise<void>
}

/** @throws MillraceError `ML_LOCAL_KAFKA_UNREACHABLE` */
export async function openRedriver(kafka: Kafka): Promise<Redriver> {
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  const admin = kafka.admin()
  const close = async (): Promise<void> => {
    await Promise.all([producer.disconnect(), admin.disconnect()])
  }
  try {
    await Promise.all([producer.connect(), admin.connect()])
  } catch (cause) {
    await close()
    throw new MillraceError(
      'ML_LOCAL_KAFKA_UNREACHABLE',
      `Kafka does not answer: ${asError(cause).message}; look at --brokers and KAFKA_BROKERS`,
      { cause },
    )
  }
  const partitions = new Map<string, number>()

  async function send(records: readonly Outgoing[]): Promise<void> {
    const topics = [...new Set(records.map(({ topic }) => topic))]
    await producer.sendBatch({
      acks: -1,
      topicMessages: topics.map((topic) => ({
        topic,
        messages: records
          .filter((record) => record.topic === topic)
          .map(({ key, value, headers, partition }) => ({
            ...{ key, value, headers: exactHeaders(headers) },
            ...(partition !== undefined && { partition }),
          })),
      })),
    })
  }

  return {
    async partitions(topic) {
      const known = partitions.get(topic) ?? ((await isThere(topic)) ? await count(topic) : 0)
      partitions.set(topic, known)
      return known
    },
    produce,
    close,
  }

  async function produce(records: readonly Outgoing[]): Promise<(Error | undefined)[]> {
    try {
      if (records.length > 0) await send(records)
      return records.map(() => undefined)
    } catch (error) {
      if (!isRefusal(error)) throw failed(error)
      if (records.length === 1) return [failed(error)]
    }
    // One that is refused costs no other its produce; some may be there twice then, which their function knows by their headers.
    const answers: (Error | undefined)[] = []
    for (const record of records) answers.push(...(await produce([record])))
    return answers
  }

  async function isThere(topic: string): Promise<boolean> {
    return (await admin.listTopics()).includes(topic)
  }

  async function count(topic: string): Promise<number> {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions.length ?? 0
  }
}

/** Kafka answered, and will not take it: too large, not allowed. */
function isRefusal(error: unknown): boolean {
  const { name, cause } = asError(error)
  return name === 'KafkaJSProtocolError' || (cause !== undefined && isRefusal(cause))
}

const failed = (cause: unknown): MillraceError =>
  new MillraceError('ML_PRODUCE_FAILED', `Kafka did not take it: ${asError(cause).message}`, { cause })
