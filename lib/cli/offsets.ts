import type { Admin } from 'kafkajs'
import { MillraceError } from '../errors.js'
import { fetchGroupOffsets } from '../local/esm/index.js'

/** What Kafka has of a partition: the offsets from `low` to before `high`. */
export interface Bounds {
  readonly partition: number
  readonly low: number
  readonly high: number
}

/** What Kafka has of a topic. @throws MillraceError `ML_LOCAL_TOPIC_MISSING` */
export async function boundsOf(admin: Admin, topic: string): Promise<Bounds[]> {
  if (!(await admin.listTopics()).includes(topic))
    throw new MillraceError('ML_LOCAL_TOPIC_MISSING', `there is no topic ${topic}; look at its name, and at --brokers`)
  const all = await admin.fetchTopicOffsets(topic)
  return all
    .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
    .sort((a, b) => a.partition - b.partition)
}

/** What a group has committed of a topic, by partition. */
export async function committedOf(admin: Admin, group: string, topic: string): Promise<Map<number, number>> {
  const answers = await fetchGroupOffsets(admin, group, topic)
  const all = answers.flatMap((answer) => (answer.topic === topic ? answer.partitions : []))
  return new Map(all.flatMap(({ partition, offset }) => (Number(offset) < 0 ? [] : [[partition, Number(offset)]])))
}
