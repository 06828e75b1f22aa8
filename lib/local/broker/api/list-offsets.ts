import type { PartitionLog, Timed } from '../log/partition.js'
import { type Code, code } from '../wire/codes.js'
import type { Reader } from '../wire/reader.js'
import { type Context, defineApi } from './api.js'
import { endFor, isolation } from './isolation.js'
import { checkLeaderEpoch } from './leader-epoch.js'

/** Times that stand for places, and the first version that knows each. */
const latest = -1n
const earliest = -2n
const newest = -3n
const earliestLocal = -4n
const latestTiered = -5n
const knownFrom: ReadonlyMap<bigint, number> = new Map([
  [latest, 1],
  [earliest, 1],
  [newest, 7],
  [earliestLocal, 8],
  [latestTiered, 9],
])

interface Wanted {
  readonly partition: number
  /** of the leader that the client knows */
  readonly leaderEpoch: number
  readonly time: bigint
}

interface Request {
  readonly isolationLevel: number
  readonly topics: readonly { readonly name: string; readonly wanted: readonly Wanted[] }[]
  readonly version: number
}

/**
 * ListOffsets: where a partition begins or ends, its first record at or after a time, or its newest; offset -1 if there
 * is none. In a batch compressed with a codec that Node lacks, the answer is the batch's first record.
 */
export const listOffsets = defineApi({
  key: 2,
  name: 'ListOffsets',
  minVersion: 1,
  maxVersion: 10,
  flexibleFrom: 6,
  decode(reader, version): Request {
    reader.int32() // replica: -1 for every consumer
    const isolationLevel = version >= 2 ? reader.int8() : isolation.readUncommitted
    const topics = reader.array((topic) => {
      const one = { name: topic.string(), wanted: topic.array((item) => readWanted(item, version)) }
      topic.tags()
      return one
    })
    return { isolationLevel, topics, version } // a time limit may follow
  },
  handle: (request, context) =>
    request.topics.map(({ name, wanted }) => ({
      name,
      partitions: wanted.map((one) => ({ partition: one.partition, ...find(name, one, request, context) })),
    })),
  encode(writer, topics, version) {
    if (version >= 2) writer.int32(0) // throttle time
    writer.array(topics, ({ name, partitions }) => {
      writer.string(name).array(partitions, (found) => {
        writer.int32(found.partition).int16(found.error).int64(found.timestamp).int64(found.offset)
        if (version >= 4) writer.int32(found.offset < 0 ? -1 : 0) // leader epoch
        writer.tags()
      })
      writer.tags()
    })
    writer.tags()
  },
})

function readWanted(reader: Reader, version: number): Wanted {
  const partition = reader.int32()
  const leaderEpoch = version >= 4 ? reader.int32() : -1
  const time = reader.int64()
  reader.tags()
  return { partition, leaderEpoch, time }
}

type Found = Timed & { readonly error: Code }

function find(topic: string, { partition, leaderEpoch, time }: Wanted, request: Request, context: Context): Found {
  const none = { error: code.none, timestamp: -1n, offset: -1 }
  const log = context.topics.partition(topic, partition)
  if (log === undefined) return { ...none, error: code.unknownTopicOrPartition }
  const refused = checkLeaderEpoch(leaderEpoch)
  if (refused !== code.none) return { ...none, error: refused }
  const known = time >= 0n || request.version >= (knownFrom.get(time) ?? Number.POSITIVE_INFINITY)
  if (!known) return { ...none, error: code.unsupportedVersion }
  const end = endFor(log, request.isolationLevel)
  const offset = placeOf(log, end, time)
  if (offset !== undefined) return { ...none, offset }
  const found = time === newest ? log.newest() : log.at(time)
  return found === undefined || found.offset >= end ? none : { ...none, ...found }
}

function placeOf(log: PartitionLog, end: number, time: bigint): number | undefined {
  if (time === latest) return end
  if (time === earliest || time === earliestLocal) return log.startOffset
  return time === latestTiered ? -1 : undefined
}
