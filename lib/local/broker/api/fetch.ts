import { type Code, code } from '../wire/codes.js'
import type { Reader } from '../wire/reader.js'
import { type Context, defineApi } from './api.js'
import { untilReadable } from './fetch-wait.js'

export interface FetchPartition {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly maxBytes: number
}

interface FetchedPartition {
  readonly partition: number
  readonly error: Code
  readonly startOffset: number
  readonly endOffset: number
  readonly batches: readonly Buffer[]
}

interface Answer {
  readonly error: Code
  readonly topics: readonly { readonly name: string; readonly partitions: readonly FetchedPartition[] }[]
}

/** Fetch: waits until enough can be read or time is up, then answers with whole batches, as they were received. */
export const fetch = defineApi({
  key: 1,
  name: 'Fetch',
  minVersion: 4,
  maxVersion: 11,
  decode(reader, version) {
    reader.int32() // replica: -1 for every consumer
    const maxWaitMs = reader.int32()
    const minBytes = reader.int32()
    const maxBytes = reader.int32()
    reader.int8() // isolation level: without transactions both read the same
    const session = version >= 7 ? reader.int32() : 0
    if (version >= 7) reader.int32() // session epoch
    const topics = reader.array((topic) => readTopic(topic, version))
    return { maxWaitMs, minBytes, maxBytes, session, topics }
  },
  async handle({ maxWaitMs, minBytes, maxBytes, session, topics }, context): Promise<Answer> {
    // No session is ever opened (every answer says session 0), so a client that names one is mistaken.
    if (session !== 0) return { error: code.fetchSessionIdNotFound, topics: [] }
    const wanted = topics.flatMap(({ partitions }) => partitions)
    await untilReadable(wanted, Math.min(minBytes, maxBytes), maxWaitMs, context)
    let left = maxBytes
    let empty = true
    const answers = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((one) => {
        const answer = read(one, left, empty, context)
        for (const batch of answer.batches) left -= batch.length
        empty &&= answer.batches.length === 0
        return answer
      }),
    }))
    return { error: code.none, topics: answers }
  },
  encode(writer, { error, topics }, version) {
    writer.int32(0) // throttle time
    if (version >= 7) writer.int16(error).int32(0) // no session
    writer.array(topics, ({ name, partitions }) => {
      writer.string(name).array(partitions, (one) => {
        writer.int32(one.partition).int16(one.error).int64(one.endOffset) // high watermark
        writer.int64(one.endOffset) // last stable offset
        if (version >= 5) writer.int64(one.startOffset)
        writer.array(null, () => undefined) // aborted transactions
        if (version >= 11) writer.int32(-1) // preferred read replica
        writer.joined(one.batches)
      })
    })
  },
})

function readTopic(reader: Reader, version: number) {
  const name = reader.string()
  const partitions = reader.array((item): FetchPartition => {
    const partition = item.int32()
    if (version >= 9) item.int32() // leader epoch the client knows: there has only been one
    const offset = Number(item.int64())
    if (version >= 5) item.int64() // log start of a follower
    return { topic: name, partition, offset, maxBytes: item.int32() }
  })
  return { name, partitions }
}

/** `first`: nothing was found so far, so a batch larger than every limit is given all the same, or it never would be. */
function read(request: FetchPartition, bytesLeft: number, first: boolean, context: Context): FetchedPartition {
  const { topic, partition, offset, maxBytes } = request
  const log = context.topics.partition(topic, partition)
  const failed = { partition, startOffset: -1, endOffset: -1, batches: [] }
  if (log === undefined) return { ...failed, error: code.unknownTopicOrPartition }
  if (!log.contains(offset)) return { ...failed, error: code.offsetOutOfRange }
  const batches = log.read(offset, Math.min(maxBytes, bytesLeft), first)
  return { partition, error: code.none, startOffset: log.startOffset, endOffset: log.endOffset, batches }
}
