import type { Kafka } from 'kafkajs'
import { MillraceError } from '../../errors.js'

interface Wanted {
  readonly brokers: readonly string[]
  readonly topic: string
  /** To create it with. */
  readonly partitions?: number
}

/**
 * The number of partitions of a topic, which is created where that is asked for.
 *
 * @throws MillraceError `ML_LOCAL_KAFKA_UNREACHABLE`, `ML_LOCAL_TOPIC_MISSING`
 */
export async function ensureTopic(kafka: Kafka, { brokers, topic, partitions }: Wanted): Promise<number> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    if (!(await admin.listTopics()).includes(topic)) {
      if (partitions === undefined) throw missing(topic, brokers)
      // False when somebody else was quicker.
      await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true })
    }
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions.length ?? 0
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    throw new MillraceError(
      'ML_LOCAL_KAFKA_UNREACHABLE',
      `the topic ${topic} cannot be looked up at ${brokers.join(', ')}: ${String(cause)}; start a broker with \`npx millrace dev\` ` +
        'or `npx millrace broker`, or look at KAFKA_BROKERS',
      { cause },
    )
  } finally {
    await admin.disconnect()
  }
}

const missing = (topic: string, brokers: readonly string[]): MillraceError =>
  new MillraceError(
    'ML_LOCAL_TOPIC_MISSING',
    `there is no topic ${topic} at ${brokers.join(', ')}; look at its name, or create it with ` +
      `\`npx millrace produce ${topic} --count 0 --partitions 3 --brokers ${brokers.join(',')}\` (\`partitions\` in code)`,
  )
