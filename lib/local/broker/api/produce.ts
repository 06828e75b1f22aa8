import { checkBatch } from '../log/batch.js'
import { type Code, code } from '../wire/codes.js'
import type { Reader } from '../wire/reader.js'
import { type Context, defineApi } from './api.js'

interface PartitionRecords {
  readonly partition: number
  readonly records: Buffer | null
}

interface PartitionAnswer {
  readonly partition: number
  readonly error: Code
  readonly baseOffset: number
  readonly startOffset: number
}

/** Produce: appends one batch per partition, as its bytes came; versions before 3 carry other record formats. */
export const produce = defineApi({
  key: 0,
  name: 'Produce',
  minVersion: 3,
  maxVersion: 8,
  decode(reader) {
    const transactionalId = reader.nullableString()
    const acks = reader.int16()
    reader.int32() // time limit for replicas, of which there are none
    const topics = reader.array((topic) => ({ name: topic.string(), partitions: topic.array(readPartition) }))
    return { transactionalId, acks, topics }
  },
  handle({ transactionalId, acks, topics }, context) {
    const refused = refusal(transactionalId, acks)
    const answer = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((one) => (refused === code.none ? append(name, one, context) : failed(one, refused))),
    }))
    return acks === 0 ? undefined : answer
  },
  encode(writer, topics, version) {
    writer.array(topics, ({ name, partitions }) => {
      writer.string(name).array(partitions, (one) => {
        writer.int32(one.partition).int16(one.error).int64(one.baseOffset)
        writer.int64(-1) // append time: records keep the time of their creation
        if (version >= 5) writer.int64(one.startOffset)
        if (version >= 8) writer.array([], () => undefined).string(null) // records at fault, message
      })
    })
    writer.int32(0) // throttle time
  },
})

function readPartition(reader: Reader): PartitionRecords {
  return { partition: reader.int32(), records: reader.nullableBytes() }
}

function refusal(transactionalId: string | null, acks: number): Code {
  if (transactionalId !== null) return code.invalidTxnState
  return acks === 0 || acks === 1 || acks === -1 ? code.none : code.invalidRequiredAcks
}

function append(topic: string, request: PartitionRecords, context: Context): PartitionAnswer {
  const log = context.topics.partition(topic, request.partition)
  if (log === undefined) return failed(request, code.unknownTopicOrPartition)
  const batch = checkBatch(request.records ?? Buffer.alloc(0))
  if (typeof batch === 'number') return failed(request, batch)
  const appended = log.append(batch)
  if ('refused' in appended) return failed(request, appended.refused)
  const { baseOffset } = appended
  return { partition: request.partition, error: code.none, baseOffset, startOffset: log.startOffset }
}

function failed({ partition }: PartitionRecords, error: Code): PartitionAnswer {
  return { partition, error, baseOffset: -1, startOffset: -1 }
}
