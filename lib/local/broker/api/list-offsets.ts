import { type Code, code } from '../wire/codes.js'
import type { Reader } from '../wire/reader.js'
import { type Context, defineApi } from './api.js'

const latest = -1n
const earliest = -2n

interface Wanted {
  readonly partition: number
  readonly time: bigint
}

interface Found {
  readonly partition: number
  readonly error: Code
  readonly timestamp: bigint
  readonly offset: number
}

/** ListOffsets: where a partition begins or ends, or its first record at or after a time; offset -1 if there is none. */
export const listOffsets = defineApi({
  key: 2,
  name: 'ListOffsets',
  minVersion: 1,
  maxVersion: 5,
  decode(reader, version) {
    reader.int32() // replica: -1 for every consumer
    if (version >= 2) reader.int8() // isolation level: without transactions both end at the same offset
    return reader.array((topic) => ({
      name: topic.string(),
      wanted: topic.array((item) => readWanted(item, version)),
    }))
  },
  handle: (topics, context) =>
    topics.map(({ name, wanted }) => ({ name, partitions: wanted.map((one) => find(name, one, context)) })),
  encode(writer, topics, version) {
    if (version >= 2) writer.int32(0) // throttle time
    writer.array(topics, ({ name, partitions }) => {
      writer.string(name).array(partitions, (found) => {
        writer.int32(found.partition).int16(found.error).int64(found.timestamp).int64(found.offset)
        if (version >= 4) writer.int32(found.offset < 0 ? -1 : 0) // leader epoch
      })
    })
  },
})

function readWanted(reader: Reader, version: number): Wanted {
  const partition = reader.int32()
  if (version >= 4) reader.int32() // leader epoch the client knows: there has only been one
  return { partition, time: reader.int64() }
}

function find(topic: string, { partition, time }: Wanted, context: Context): Found {
  const none = { partition, error: code.none, timestamp: -1n, offset: -1 }
  const log = context.topics.partition(topic, partition)
  if (log === undefined) return { ...none, error: code.unknownTopicOrPartition }
  if (time === latest) return { ...none, offset: log.endOffset }
  if (time === earliest) return { ...none, offset: log.startOffset }
  return { ...none, ...log.at(time) }
}
