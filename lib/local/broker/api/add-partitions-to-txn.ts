import type { Speaker, TopicPartition } from '../txn/index.js'
import { type Code, code } from '../wire/codes.js'
import type { Reader } from '../wire/reader.js'
import type { Writer } from '../wire/writer.js'
import { type Context, defineApi } from './api.js'
import { fencedSince } from './fenced.js'
import { readSpeaker } from './speaker.js'
import { coordinated } from './stored.js'

interface Topic {
  readonly name: string
  readonly partitions: readonly number[]
}

interface Wish {
  readonly speaker: Speaker
  readonly verifyOnly: boolean
  readonly topics: readonly Topic[]
}

const fencedFrom = 2
/** From here on a request speaks for several transactional ids. */
const batchedFrom = 4

/** AddPartitionsToTxn: what a transaction is about to write to; all of the partitions or none. */
export const addPartitionsToTxn = defineApi({
  key: 24,
  name: 'AddPartitionsToTxn',
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 3,
  decode(reader, version) {
    const wishes = version >= batchedFrom ? reader.array((item) => readWish(item, true)) : [readWish(reader, false)]
    if (version >= batchedFrom) reader.tags()
    return { wishes, version }
  },
  handle: ({ wishes, version }, context) =>
    wishes.map((wish) => ({ id: wish.speaker.transactionalId, topics: add(wish, version, context) })),
  encode(writer, results, version) {
    writer.int32(0) // throttle time
    if (version >= batchedFrom) {
      writer.int16(code.none)
      writer.array(results, ({ id, topics }) => {
        writer.string(id)
        writeTopics(writer, topics)
        writer.tags()
      })
    } else writeTopics(writer, results[0]?.topics ?? [])
    writer.tags()
  },
})

function readWish(reader: Reader, batched: boolean): Wish {
  const speaker = readSpeaker(reader)
  const verifyOnly = batched && reader.boolean()
  const topics = reader.array((topic) => {
    const one = { name: topic.string(), partitions: topic.array((item) => item.int32()) }
    topic.tags()
    return one
  })
  reader.tags()
  return { speaker, verifyOnly, topics }
}

type Result = Topic & { readonly errors: readonly Code[] }

function add({ speaker, verifyOnly, topics }: Wish, version: number, context: Context): Result[] {
  const { topics: known, transactions } = context
  const partitions = topics.flatMap(({ name, partitions }) =>
    partitions.map((partition) => ({ topic: name, partition })),
  )
  const exists = ({ topic, partition }: TopicPartition) => known.partition(topic, partition) !== undefined
  const refused = () => {
    if (speaker.transactionalId === '') return code.invalidRequest
    if (verifyOnly) return transactions.verify(speaker, covers(partitions))
    return coordinated(() => transactions.addPartitions(speaker, partitions), context)
  }
  const all = partitions.every(exists) ? fencedSince(fencedFrom, version, refused()) : undefined
  const error = (one: TopicPartition) =>
    all ?? (exists(one) ? code.operationNotAttempted : code.unknownTopicOrPartition)
  return topics.map((topic) => ({
    ...topic,
    errors: topic.partitions.map((partition) => error({ topic: topic.name, partition })),
  }))
}

/** Whether a transaction has all of these partitions. */
export function covers(wanted: readonly TopicPartition[]) {
  return ({ partitions }: { readonly partitions: readonly TopicPartition[] }) =>
    wanted.every((one) => partitions.some((has) => has.partition === one.partition && has.topic === one.topic))
}

function writeTopics(writer: Writer, topics: readonly Result[]): void {
  writer.array(topics, ({ name, partitions, errors }) => {
    writer.string(name)
    writer.array([...partitions.entries()], ([index, partition]) => {
      writer
        .int32(partition)
        .int16(errors[index] ?? code.none)
        .tags()
    })
    writer.tags()
  })
}
