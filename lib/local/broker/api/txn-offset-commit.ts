import type { PendingOffset, Speaker } from '../txn/index.js'
import { type Code, code } from '../wire/codes.js'
import type { Reader } from '../wire/reader.js'
import { type Context, defineApi } from './api.js'
import { abortableSince } from './fenced.js'
import { maxMetadata } from './offset-commit.js'
import { coordinated } from './stored.js'

interface Request {
  readonly group: string
  readonly speaker: Speaker
  readonly memberId: string
  readonly generation: number
  readonly topics: readonly { readonly name: string; readonly offsets: readonly PendingOffset[] }[]
  readonly version: number
}

const abortableFrom = 4

/** TxnOffsetCommit: offsets that a group will have if the transaction is committed. */
export const txnOffsetCommit = defineApi({
  key: 28,
  name: 'TxnOffsetCommit',
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 3,
  decode(reader, version): Request {
    const transactionalId = reader.string()
    const group = reader.string()
    const speaker = { transactionalId, producerId: reader.int64(), epoch: reader.int16() }
    const generation = version >= 3 ? reader.int32() : -1
    const memberId = version >= 3 ? reader.string() : ''
    if (version >= 3) reader.nullableString() // static membership, which is not served
    const topics = reader.array((topic) => {
      const name = topic.string()
      const offsets = topic.array((item) => readOffset(item, group, name, version))
      topic.tags()
      return { name, offsets }
    })
    reader.tags()
    return { group, speaker, memberId, generation, topics, version }
  },
  handle(request, context) {
    const check = (one: PendingOffset) => refusal(one, context)
    const offsets = request.topics.flatMap((topic) => topic.offsets).filter((one) => check(one) === code.none)
    const all = abortableSince(
      abortableFrom,
      request.version,
      coordinated(() => keep(request, offsets, context), context),
    )
    return request.topics.map((topic) => ({
      name: topic.name,
      partitions: topic.offsets.map((one) => ({
        partition: one.partition,
        error: all === code.none ? check(one) : all,
      })),
    }))
  },
  encode(writer, topics) {
    writer.int32(0) // throttle time
    writer.array(topics, ({ name, partitions }) => {
      writer.string(name).array(partitions, ({ partition, error }) => writer.int32(partition).int16(error).tags())
      writer.tags()
    })
    writer.tags()
  },
})

function readOffset(reader: Reader, group: string, topic: string, version: number): PendingOffset {
  const partition = reader.int32()
  const offset = reader.int64()
  const leaderEpoch = version >= 2 ? reader.int32() : -1
  const metadata = reader.nullableString() ?? ''
  reader.tags()
  return { group, topic, partition, committed: { offset, leaderEpoch, metadata } }
}

function refusal({ topic, partition, committed }: PendingOffset, { topics }: Context): Code {
  if (topics.partition(topic, partition) === undefined) return code.unknownTopicOrPartition
  return (committed.metadata?.length ?? 0) > maxMetadata ? code.offsetMetadataTooLarge : code.none
}

function keep(request: Request, offsets: readonly PendingOffset[], { coordinator, transactions }: Context): Code {
  const { group, speaker, memberId, generation } = request
  if (group === '') return code.invalidGroupId
  if (speaker.transactionalId === '') return code.invalidRequest
  const refused = coordinator.mayCommitInTransaction(group, memberId, generation)
  if (refused !== code.none) return refused
  const error = transactions.addOffsets(speaker, group, offsets)
  if (error === code.none) coordinator.committing(group) // the group is listed from here on
  return error
}
