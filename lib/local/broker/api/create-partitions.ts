import { type Code, code } from '../wire/codes.js'
import { type Context, defineApi } from './api.js'
import { noRoom } from './create-topics.js'
import { stored } from './stored.js'

interface Growth {
  readonly name: string
  readonly total: number
}

/** CreatePartitions: a topic gets more partitions, never fewer. */
export const createPartitions = defineApi({
  key: 37,
  name: 'CreatePartitions',
  minVersion: 0,
  maxVersion: 3,
  flexibleFrom: 2,
  decode(reader) {
    const topics = reader.array((topic): Growth => {
      const growth = { name: topic.string(), total: topic.int32() }
      topic.nullableArray((item) => [item.array((one) => one.int32()), item.tags()]) // placement: there is one broker
      topic.tags()
      return growth
    })
    reader.int32() // time limit: creation is immediate
    const validateOnly = reader.boolean()
    reader.tags()
    return { topics, validateOnly }
  },
  handle: ({ topics, validateOnly }, context) =>
    topics.map((growth) => ({ name: growth.name, error: grow(growth, validateOnly, context) })),
  encode(writer, results) {
    writer.int32(0) // throttle time
    writer.array(results, ({ name, error }) => {
      writer
        .string(name)
        .int16(error)
        .string(messages[error] ?? null)
        .tags()
    })
    writer.tags()
  },
})

const messages: Partial<Record<Code, string>> = {
  [code.invalidPartitions]: 'give more partitions than the topic has, and no more than 10000',
  [code.policyViolation]: noRoom,
  [code.unknownTopicOrPartition]: 'there is no such topic',
}

function grow({ name, total }: Growth, validateOnly: boolean, context: Context): Code {
  const { topics } = context
  if (!validateOnly) return stored(() => topics.grow(name, total), context)
  const topic = topics.get(name)
  if (topic === undefined) return code.unknownTopicOrPartition
  return topics.checkPartitions(topic.partitions.length, total)
}
