import type { Offsets } from '../group/offsets.js'
import { type Code, code } from '../wire/codes.js'
import type { Reader } from '../wire/reader.js'
import { type Context, defineApi } from './api.js'
import { coordinated } from './stored.js'

/** Longest note that may go with an offset, in characters, as in Kafka. */
export const maxMetadata = 4096

/** OffsetCommit: where a group will go on. Version 7 brings static membership, which is not served. */
export const offsetCommit = defineApi({
  key: 8,
  name: 'OffsetCommit',
  minVersion: 2,
  maxVersion: 6,
  decode(reader, version) {
    const groupId = reader.string()
    const generation = reader.int32()
    const memberId = reader.string()
    if (version <= 4) reader.int64() // retention time: offsets are kept as long as their topic
    const topics = reader.array((topic) => ({
      name: topic.string(),
      partitions: topic.array((item) => readPartition(item, version)),
    }))
    return { groupId, generation, memberId, topics }
  },
  handle({ groupId, generation, memberId, topics }, context) {
    const offsets = context.coordinator.commit(groupId, memberId, generation)
    const answer = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((one) => ({
        partition: one.partition,
        error: typeof offsets === 'number' ? offsets : commit(offsets, name, one, context),
      })),
    }))
    context.coordinator.forgetIfIdle(groupId) // nothing may have been fit to be written
    return answer
  },
  encode(writer, topics, version) {
    if (version >= 3) writer.int32(0) // throttle time
    writer.array(topics, ({ name, partitions }) => {
      writer.string(name).array(partitions, ({ partition, error }) => writer.int32(partition).int16(error))
    })
  },
})

function readPartition(reader: Reader, version: number) {
  const partition = reader.int32()
  const offset = reader.int64()
  const leaderEpoch = version >= 6 ? reader.int32() : -1
  return { partition, committed: { offset, leaderEpoch, metadata: reader.nullableString() ?? '' } }
}

function commit(offsets: Offsets, topic: string, one: ReturnType<typeof readPartition>, context: Context): Code {
  if (context.topics.partition(topic, one.partition) === undefined) return code.unknownTopicOrPartition
  if ((one.committed.metadata?.length ?? 0) > maxMetadata) return code.offsetMetadataTooLarge
  return coordinated(() => {
    offsets.set(topic, one.partition, one.committed)
    return code.none
  }, context)
}
