import { Kafka, logLevel } from 'kafkajs'
import { MillraceError } from '../../errors.js'
import { quietKafkajs } from '../esm/index.js'

/** Partitions of a topic that is created here. */
const partitions = 4

/**
 * Creates the topics that do not exist yet, with 4 partitions each, whoever else does at the same time.
 *
 * @throws MillraceError `ML_LOCAL_KAFKA_UNREACHABLE` when no broker answers, or none lets us create them
 */
export async function ensureTopics(brokers: readonly string[], topics: readonly string[]): Promise<void> {
  quietKafkajs()
  const kafka = new Kafka({
    clientId: 'millrace',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 5 },
  })
  const admin = kafka.admin()
  try {
    await admin.connect()
    const known = new Set(await admin.listTopics())
    const missing = [...new Set(topics)].filter((topic) => !known.has(topic))
    if (missing.length === 0) return
    // False when somebody else was quicker.
    await admin.createTopics({ topics: missing.map((topic) => ({ topic, numPartitions: partitions })) })
  } catch (cause) {
    throw new MillraceError(
      'ML_LOCAL_KAFKA_UNREACHABLE',
      `the topics ${topics.join(', ')} cannot be made sure of at ${brokers.join(', ')}: ${String(cause)}; start a broker with ` +
        '`npx millrace broker`, or look at KAFKA_BROKERS',
      { cause },
    )
  } finally {
    await admin.disconnect()
  }
}
