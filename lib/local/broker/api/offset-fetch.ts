import type { Committed } from '../group/offsets.js'
import { type Code, code } from '../wire/codes.js'
import type { Reader } from '../wire/reader.js'
import type { Writer } from '../wire/writer.js'
import { type Context, defineApi } from './api.js'

const nothing: Committed = { offset: -1n, leaderEpoch: -1, metadata: '' }
/** From here on a request asks for several groups. */
const batchedFrom = 8

interface Wanted {
  readonly groupId: string
  /** `null`: all that it has committed */
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null
}

type Answer = { readonly partition: number; readonly error: Code } & Committed

interface Group {
  readonly groupId: string
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly Answer[] }[]
}

/** OffsetFetch: what a group has committed; offset -1 where it has not. */
export const offsetFetch = defineApi({
  key: 9,
  name: 'OffsetFetch',
  minVersion: 1,
  maxVersion: 8,
  flexibleFrom: 6,
  decode(reader, version) {
    const batched = version >= batchedFrom
    const groups = batched ? reader.array((item) => readBatched(item)) : [readWanted(reader)]
    const stableOnly = version >= 7 && reader.boolean()
    reader.tags()
    return { groups, stableOnly }
  },
  handle: ({ groups, stableOnly }, context) => groups.map((wanted) => find(wanted, stableOnly, context)),
  encode(writer, groups, version) {
    if (version >= 3) writer.int32(0) // throttle time
    if (version >= batchedFrom) {
      writer.array(groups, ({ groupId, topics }) => {
        writer.string(groupId)
        writeTopics(writer, topics, version)
        writer.int16(code.none).tags()
      })
    } else {
      writeTopics(writer, groups[0]?.topics ?? [], version)
      if (version >= 2) writer.int16(code.none)
    }
    writer.tags()
  },
})

function readBatched(reader: Reader): Wanted {
  const wanted = readWanted(reader)
  reader.tags()
  return wanted
}

function readWanted(reader: Reader): Wanted {
  const groupId = reader.string()
  const topics = reader.nullableArray((item) => {
    const one = { topic: item.string(), partitions: item.array((partition) => partition.int32()) }
    item.tags()
    return one
  })
  return { groupId, topics }
}

/** With `stableOnly`, what a transaction under way is about to change is not told yet. */
function find({ groupId, topics }: Wanted, stableOnly: boolean, { coordinator, transactions }: Context): Group {
  const offsets = coordinator.offsets(groupId)
  const answer = (topic: string, partition: number): Answer => {
    const unstable = stableOnly && transactions.isPending(groupId, { topic, partition })
    if (unstable) return { partition, error: code.unstableOffsetCommit, ...nothing }
    return { partition, error: code.none, ...(offsets?.get(topic, partition) ?? nothing) }
  }
  const wanted = (topics ?? offsets?.all() ?? []).map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((partition) => answer(topic, partition)),
  }))
  return { groupId, topics: wanted }
}

function writeTopics(writer: Writer, topics: Group['topics'], version: number): void {
  writer.array(topics, ({ topic, partitions }) => {
    writer.string(topic).array(partitions, ({ partition, offset, leaderEpoch, metadata, error }) => {
      writer.int32(partition).int64(offset)
      if (version >= 5) writer.int32(leaderEpoch)
      writer.string(metadata).int16(error).tags()
    })
    writer.tags()
  })
}
