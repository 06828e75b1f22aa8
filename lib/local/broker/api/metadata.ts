import { isLegalName, type Topic } from '../log/topics.js'
import { type Code, code } from '../wire/codes.js'
import type { Reader } from '../wire/reader.js'
import type { Writer } from '../wire/writer.js'
import { type Context, defineApi } from './api.js'
import { stored } from './stored.js'

const noId = '0'.repeat(32)
/** "Not asked for": this broker knows no authorization. */
const noOperations = -(2 ** 31)

interface Wanted {
  readonly id: string
  readonly name: string | null
}

interface TopicAnswer {
  readonly error: Code
  readonly id: string
  readonly name: string | null
  readonly partitions: number
}

interface Answer {
  readonly context: Context
  readonly topics: readonly TopicAnswer[]
}

/** Metadata: the one broker, and the topics asked for, created on the way where client and broker agree to. */
export const metadata = defineApi({
  key: 3,
  name: 'Metadata',
  minVersion: 0,
  maxVersion: 12,
  flexibleFrom: 9,
  decode(reader, version) {
    const topics = reader.nullableArray((item) => readWanted(item, version))
    const create = version < 4 || reader.boolean()
    if (version >= 8 && version <= 10) reader.boolean() // the cluster's authorized operations
    if (version >= 8) reader.boolean() // the topics' authorized operations
    reader.tags()
    const all = topics === null || (version === 0 && topics.length === 0)
    return { topics: all ? undefined : topics, create }
  },
  handle({ topics, create }, context): Answer {
    const known = () => context.topics.all().map(describe)
    return { context, topics: topics?.map((wanted) => find(wanted, create, context)) ?? known() }
  },
  encode(writer, { context, topics }, version) {
    const { node } = context
    if (version >= 3) writer.int32(0) // throttle time
    writer.array([node], () => {
      writer.int32(node.id).string(node.host).int32(node.port)
      if (version >= 1) writer.string(null) // rack
      writer.tags()
    })
    if (version >= 2) writer.string(context.clusterId)
    if (version >= 1) writer.int32(node.id) // controller
    writer.array(topics, (topic) => writeTopic(writer, topic, node.id, version))
    if (version >= 8 && version <= 10) writer.int32(noOperations)
    writer.tags()
  },
})

function readWanted(reader: Reader, version: number): Wanted {
  const id = version >= 10 ? reader.uuid() : noId
  const name = version >= 10 ? reader.nullableString() : reader.string()
  reader.tags()
  return { id, name }
}

function find({ id, name }: Wanted, create: boolean, context: Context): TopicAnswer {
  if (name === null) {
    const topic = context.topics.byId(id)
    return topic === undefined ? { error: code.unknownTopicId, id, name, partitions: 0 } : describe(topic)
  }
  const error = isLegalName(name) ? code.unknownTopicOrPartition : code.invalidTopic
  const absent = { error, id: noId, name, partitions: 0 }
  const topic = context.topics.get(name)
  if (topic !== undefined) return describe(topic)
  if (!create || !context.autoCreateTopics) return absent
  const refused = stored(() => context.topics.create(name, context.defaultPartitions), context)
  const created = context.topics.get(name)
  return created === undefined ? { ...absent, error: refused } : describe(created)
}

function describe(topic: Topic): TopicAnswer {
  return { error: code.none, id: topic.id, name: topic.name, partitions: topic.partitions.length }
}

function writeTopic(writer: Writer, topic: TopicAnswer, node: number, version: number): void {
  writer.int16(topic.error).string(version >= 12 ? topic.name : (topic.name ?? ''))
  if (version >= 10) writer.uuid(topic.id)
  if (version >= 1) writer.boolean(false) // internal
  const partitions = Array.from({ length: topic.partitions }, (_, partition) => partition)
  writer.array(partitions, (partition) => {
    writer.int16(code.none).int32(partition).int32(node)
    if (version >= 7) writer.int32(0) // leader epoch
    writer.int32s([node]).int32s([node]) // replicas, those in sync
    if (version >= 5) writer.int32s([]) // those offline
    writer.tags()
  })
  if (version >= 8) writer.int32(noOperations)
  writer.tags()
}
