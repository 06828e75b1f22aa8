import { checkBatch, type RecordBatch } from '../log/batch.js'
import { type Code, code } from '../wire/codes.js'
import { MalformedRequest, type Reader } from '../wire/reader.js'
import { covers } from './add-partitions-to-txn.js'
import { type Context, defineApi } from './api.js'
import { abortableSince } from './fenced.js'
import { stored } from './stored.js'

interface PartitionRecords {
  readonly partition: number
  readonly records: Buffer | null
}

interface Request {
  readonly transactionalId: string | null
  readonly acks: number
  readonly topics: readonly { readonly name: string; readonly partitions: readonly PartitionRecords[] }[]
  readonly version: number
}

interface PartitionAnswer {
  readonly partition: number
  readonly error: Code
  readonly baseOffset: number
  /** given to all records by the broker; -1 where they keep the time of their creation */
  readonly appendTime: bigint
  readonly startOffset: number
}

const abortableFrom = 11
const unseen: ReadonlySet<Code> = new Set([code.corruptMessage, code.invalidRecord, code.messageTooLarge])

/** Produce: appends one batch per partition, as its bytes came; versions before 3 carry other record formats. */
export const produce = defineApi({
  key: 0,
  name: 'Produce',
  minVersion: 3,
  maxVersion: 11,
  flexibleFrom: 9,
  decode(reader, version): Request {
    const transactionalId = reader.nullableString()
    const acks = reader.int16()
    reader.int32() // time limit for replicas, of which there are none
    const topics = reader.array((topic) => {
      const one = { name: topic.string(), partitions: topic.array(readPartition) }
      topic.tags()
      return one
    })
    reader.tags()
    return { transactionalId, acks, topics, version }
  },
  handle(request, context) {
    const { acks, topics } = request
    const answer = topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((one) => append(name, one, request, context)),
    }))
    if (acks !== 0) return answer
    const refused = answer.flatMap((topic) => topic.partitions).find(({ error }) => error !== code.none)
    // As in Kafka: a client that waits for no answer can be told by the end of its connection only.
    if (refused) throw new MalformedRequest(`a batch sent without acknowledgement is refused, code ${refused.error}`)
    return undefined
  },
  encode(writer, topics, version) {
    writer.array(topics, ({ name, partitions }) => {
      writer.string(name).array(partitions, (one) => {
        writer.int32(one.partition).int16(one.error).int64(one.baseOffset).int64(one.appendTime)
        if (version >= 5) writer.int64(one.startOffset)
        if (version >= 8) writer.array([], () => undefined).string(null) // records at fault, message
        writer.tags()
      })
      writer.tags()
    })
    writer.int32(0).tags() // throttle time
  },
})

function readPartition(reader: Reader): PartitionRecords {
  const one = { partition: reader.int32(), records: reader.nullableBytes() }
  reader.tags()
  return one
}

function append(topic: string, one: PartitionRecords, request: Request, context: Context): PartitionAnswer {
  const { partition, records } = one
  const failed = (error: Code, startOffset = -1) => ({ partition, error, baseOffset: -1, appendTime: -1n, startOffset })
  if (![0, 1, -1].includes(request.acks)) return failed(code.invalidRequiredAcks)
  const log = context.topics.partition(topic, partition)
  if (log === undefined) return failed(code.unknownTopicOrPartition)
  const batch = checkBatch(records ?? Buffer.alloc(0))
  // As in Kafka: a log that has not looked at a batch does not say where it begins.
  const refusedByLog = (error: Code) => failed(error, unseen.has(error) ? -1 : log.startOffset)
  if (typeof batch === 'number') return refusedByLog(batch)
  const refused = batch.transactional ? checkTransaction({ topic, partition }, batch, request, context) : code.none
  if (refused !== code.none) return failed(refused)
  const appended = stored(() => log.append(batch, context.timers.now()), context)
  if (typeof appended === 'number') return failed(appended)
  if ('refused' in appended) return refusedByLog(appended.refused)
  return { partition, error: code.none, ...appended, startOffset: log.startOffset }
}

/** Asked for every batch: a log may have forgotten the epoch of a producer that wrote least recently. */
function checkTransaction(
  where: { readonly topic: string; readonly partition: number },
  { producerId, producerEpoch }: RecordBatch,
  { transactionalId, version }: Request,
  { transactions }: Context,
): Code {
  if (transactionalId === null) return code.transactionalIdAuthorizationFailed
  if (producerId < 0n) return code.none
  const speaker = { transactionalId, producerId, epoch: producerEpoch }
  return abortableSince(abortableFrom, version, transactions.verify(speaker, covers([where])))
}
