import { type Code, code } from '../wire/codes.js'
import { type Context, defineApi } from './api.js'
import { coordinated } from './stored.js'

interface Request {
  readonly groupId: string
  readonly topics: readonly { readonly name: string; readonly partitions: readonly number[] }[]
}

/** OffsetDelete: forgets what a group has committed for partitions that none of its members reads. */
export const offsetDelete = defineApi({
  key: 47,
  name: 'OffsetDelete',
  minVersion: 0,
  maxVersion: 0,
  decode: (reader): Request => ({
    groupId: reader.string(),
    topics: reader.array((topic) => ({ name: topic.string(), partitions: topic.array((item) => item.int32()) })),
  }),
  handle({ groupId, topics }, context) {
    const error = context.coordinator.mayDeleteOffsets(groupId)
    if (error !== code.none) return { error, topics: [] }
    const results = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partition) => ({
        partition,
        error: coordinated(() => remove(groupId, name, partition, context), context),
      })),
    }))
    return { error, topics: results }
  },
  encode(writer, { error, topics }) {
    writer.int16(error).int32(0) // throttle time
    writer.array(topics, ({ name, partitions }) => {
      writer.string(name).array(partitions, (one) => writer.int32(one.partition).int16(one.error))
    })
  },
})

function remove(groupId: string, topic: string, partition: number, { coordinator, topics }: Context): Code {
  if (topics.partition(topic, partition) === undefined) return code.unknownTopicOrPartition
  if (coordinator.find(groupId)?.subscribesTo(topic)) return code.groupSubscribedToTopic
  coordinator.offsets(groupId)?.remove(topic, partition)
  return code.none
}
