import { type Code, code } from '../wire/codes.js'
import type { Reader } from '../wire/reader.js'
import type { Writer } from '../wire/writer.js'
import { type Context, defineApi } from './api.js'
import { untilReadable } from './fetch-wait.js'
import { endFor, isolation } from './isolation.js'
import { checkLeaderEpoch } from './leader-epoch.js'
import { stored } from './stored.js'

export interface FetchPartition {
  readonly partition: number
  /** of the leader that the client knows */
  readonly leaderEpoch: number
  readonly offset: number
  readonly maxBytes: number
}

/** From version 13 on a topic is told by its id, before by its name. */
interface FetchTopic {
  readonly topic: string
  readonly partitions: readonly FetchPartition[]
}

export interface FetchRequest {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly isolationLevel: number
  /** asks for what has changed since an answer before */
  readonly goesOn: boolean
  readonly topics: readonly FetchTopic[]
  readonly byId: boolean
}

interface FetchedPartition {
  readonly partition: number
  readonly error: Code
  readonly startOffset: number
  readonly endOffset: number
  readonly stableOffset: number
  /** `null` for a reader who does not ask */
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: number }[] | null
  readonly pieces: readonly Buffer[]
  readonly bytes: number
}

interface Answer {
  readonly error: Code
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly FetchedPartition[] }[]
}

const byIdFrom = 13
/** Epochs of a session by which a client asks for everything: to begin one, or to have none. */
const asksForAll: ReadonlySet<number> = new Set([0, -1])
/** Most that one answer holds, whatever a client asks for, as in Kafka (fetch.max.bytes): 55 MiB. */
const maxAnswerBytes = 55 * 1024 * 1024

/** Fetch: waits until enough can be read or time is up, then answers with whole batches, as they were received. */
export const fetch = defineApi({
  key: 1,
  name: 'Fetch',
  minVersion: 4,
  maxVersion: 16,
  flexibleFrom: 12,
  decode: readRequest,
  async handle(request, context): Promise<Answer> {
    // No session is ever opened (every answer says session 0), so a client that goes on with one is mistaken.
    if (request.goesOn) return { error: code.fetchSessionIdNotFound, topics: [] }
    await untilReadable(request, context)
    let left = request.maxBytes
    let empty = true
    const topics = request.topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((one) => {
        const answer = read(topic, one, left, empty, request, context)
        left -= answer.bytes
        empty &&= answer.bytes === 0
        return answer
      }),
    }))
    return { error: code.none, topics }
  },
  encode(writer, { error, topics }, version) {
    writer.int32(0) // throttle time
    if (version >= 7) writer.int16(error).int32(0) // no session
    writer.array(topics, ({ topic, partitions }) => {
      if (version >= byIdFrom) writer.uuid(topic)
      else writer.string(topic)
      writer.array(partitions, (one) => writePartition(writer, one, version))
      writer.tags()
    })
    writer.tags()
  },
})

function readRequest(reader: Reader, version: number): FetchRequest {
  if (version <= 14) reader.int32() // replica: -1 for every consumer
  const maxWaitMs = reader.int32()
  const minBytes = reader.int32()
  const maxBytes = Math.min(reader.int32(), maxAnswerBytes)
  const isolationLevel = reader.int8()
  if (version >= 7) reader.int32() // session
  const goesOn = version >= 7 && !asksForAll.has(reader.int32())
  const byId = version >= byIdFrom
  const topics = reader.array((item) => {
    const topic = byId ? item.uuid() : item.string()
    const one = { topic, partitions: item.array((partition) => readPartition(partition, version)) }
    item.tags()
    return one
  })
  return { maxWaitMs, minBytes, maxBytes, isolationLevel, goesOn, topics, byId } // what follows is about sessions and racks
}

function readPartition(reader: Reader, version: number): FetchPartition {
  const partition = reader.int32()
  const leaderEpoch = version >= 9 ? reader.int32() : -1
  const offset = Number(reader.int64())
  if (version >= 12) reader.int32() // epoch of the last record fetched
  if (version >= 5) reader.int64() // log start of a follower
  const maxBytes = reader.int32()
  reader.tags()
  return { partition, leaderEpoch, offset, maxBytes }
}

/** The log of a partition that a request names. */
export function logOf(topic: string, partition: number, byId: boolean, { topics }: Context) {
  return (byId ? topics.byId(topic) : topics.get(topic))?.partitions[partition]
}

/** `first`: nothing was found so far, so a batch larger than every limit is given all the same, or it never would be. */
function read(
  topic: string,
  { partition, leaderEpoch, offset, maxBytes }: FetchPartition,
  bytesLeft: number,
  first: boolean,
  { isolationLevel, byId }: FetchRequest,
  context: Context,
): FetchedPartition {
  const log = logOf(topic, partition, byId, context)
  const nothing = { partition, startOffset: -1, endOffset: -1, stableOffset: -1, aborted: null, pieces: [], bytes: 0 }
  if (log === undefined) {
    const unknownId = byId && context.topics.byId(topic) === undefined
    return { ...nothing, error: unknownId ? code.unknownTopicId : code.unknownTopicOrPartition }
  }
  const refused = checkLeaderEpoch(leaderEpoch)
  if (refused !== code.none) return { ...nothing, error: refused }
  if (!log.contains(offset)) return { ...nothing, error: code.offsetOutOfRange }
  const found = stored(
    () => log.read(offset, Math.min(maxBytes, bytesLeft), first, endFor(log, isolationLevel)),
    context,
  )
  if (typeof found === 'number') return { ...nothing, error: found }
  const { startOffset, endOffset, stableOffset } = log
  const committedOnly = isolationLevel === isolation.readCommitted
  const aborted = committedOnly ? log.abortedIn(offset, found.nextOffset) : null
  return { partition, error: code.none, startOffset, endOffset, stableOffset, aborted, ...found }
}

function writePartition(writer: Writer, one: FetchedPartition, version: number): void {
  writer.int32(one.partition).int16(one.error).int64(one.endOffset) // high watermark
  writer.int64(one.stableOffset)
  if (version >= 5) writer.int64(one.startOffset)
  writer.array(one.aborted, ({ producerId, firstOffset }) => writer.int64(producerId).int64(firstOffset).tags())
  if (version >= 11) writer.int32(-1) // preferred read replica
  writer.joined(one.pieces).tags()
}
