import type { Admin, Kafka } from 'kafkajs'
import { MillraceError } from '../../errors.js'
import { committedOf } from '../offsets.js'
import { usage } from '../voice.js'
import type { Ranges } from './range.js'

/** A group that is to start at a place of its own. */
export interface GroupStart {
  readonly group: string
  readonly topic: string
  /** It may have offsets already. */
  readonly reset: boolean
}

/**
 * Refuses a group that reads, or that has read before.
 *
 * @throws MillraceError `ML_USAGE`
 */
export async function checkGroup(admin: Admin, { group, topic, reset }: GroupStart): Promise<void> {
  const { groups } = await admin.describeGroups([group])
  const members = groups[0]?.members.length ?? 0
  if (members > 0) {
    throw usage(
      `the group ${group} reads now, with ${members} members; a replay is for a group that is new, or that has stopped (disable its mapping)`,
    )
  }
  if (reset) return
  const committed = [...(await committedOf(admin, group, topic)).keys()]
  if (committed.length === 0) return
  throw usage(
    `the group ${group} has read ${topic} before, and has offsets in the partitions ${committed.join(', ')}; give another group, or --reset to lose them`,
  )
}

/**
 * Commits where the group starts: at the ranges, and in the other partitions at what comes from now on.
 *
 * @throws MillraceError `ML_LOCAL_SOURCE_FAILED` where the broker has not kept them
 */
export async function startGroup(
  kafka: Kafka,
  admin: Admin,
  { group, topic }: GroupStart,
  { ranges, bounds }: Ranges,
): Promise<ReadonlyMap<number, number>> {
  const starts = new Map(
    bounds.map(({ partition, high }) => [partition, ranges.find((one) => one.partition === partition)?.from ?? high]),
  )
  const partitions = [...starts].map(([partition, offset]) => ({ partition, offset: String(offset) }))
  await commit(kafka, group, topic, partitions)
  const kept = await committedOf(admin, group, topic)
  const lost = [...starts].find(([partition, offset]) => kept.get(partition) !== offset)
  if (lost === undefined) return starts
  throw new MillraceError(
    'ML_LOCAL_SOURCE_FAILED',
    `the offset of partition ${lost[0]} is ${kept.get(lost[0]) ?? 'none'} after it was set to ${lost[1]}: another member has it; stop that, and run this again`,
  )
}

/** Commits as the only member of the group, which leaves it at once; kafkajs's own way waits five seconds for a record. */
async function commit(
  kafka: Kafka,
  groupId: string,
  topic: string,
  partitions: readonly { readonly partition: number; readonly offset: string }[],
): Promise<void> {
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 })
  const joined = new Promise<void>((resolve) => void consumer.on(consumer.events.GROUP_JOIN, () => resolve()))
  const failed = new Promise<never>(
    (_, reject) => void consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error)),
  )
  try {
    await consumer.connect()
    await consumer.subscribe({ topic })
    await consumer.run({ autoCommit: false, eachBatch: async () => undefined })
    await Promise.race([joined, failed])
    await consumer.commitOffsets(partitions.map((one) => ({ topic, ...one })))
  } finally {
    await consumer.disconnect()
  }
}
