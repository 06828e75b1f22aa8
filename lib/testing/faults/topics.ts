import { setTimeout as delay } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { MillraceError } from '../../errors.js'
import { quietKafkajs } from '../../local/esm/index.js'

/** How long a cluster may take to delete a topic, in milliseconds. */
const patienceMs = 60_000

const stillThere = (topic: string): MillraceError =>
  new MillraceError(
    'ML_LOCAL_SOURCE_FAILED',
    `the topic ${topic} was deleted and is still there after a minute; see the broker's log, and delete.topic.enable`,
  )

/** Deletes a topic and creates it anew, empty, with as many partitions as it had. */
export async function recreateTopic(brokers: readonly string[], topic: string): Promise<void> {
  quietKafkajs()
  const admin = new Kafka({ clientId: 'millrace-faults', brokers: [...brokers], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    const numPartitions = (await admin.fetchTopicOffsets(topic)).length
    await admin.deleteTopics({ topics: [topic] })
    const until = Date.now() + patienceMs
    while (!(await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true }))) {
      // A client that asked for it was quicker, and the broker has made it for that one; or it is still being deleted.
      const ends = await admin.fetchTopicOffsets(topic)
      if (ends.length === numPartitions && ends.every(({ high }) => high === '0')) return
      if (Date.now() > until) throw stillThere(topic)
      await delay(100)
      await admin.deleteTopics({ topics: [topic] })
    }
  } finally {
    await admin.disconnect()
  }
}
