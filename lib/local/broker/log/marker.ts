import { crc32c } from '../../../crc32c.js'
import { at, commitType, controlBit, controlTypeAt, headOf, type RecordBatch, transactionalBit } from './batch.js'

/** How a transaction ended in one partition. */
export interface Marker {
  readonly producerId: bigint
  readonly epoch: number
  readonly committed: boolean
}

/**
 * Length 16, attributes, time delta, offset delta | key of 4: version, type | value of 6: version, coordinator epoch |
 * no headers. The lengths and deltas are zigzag varints, a byte each.
 */
const record = Buffer.from([[32, 0, 0, 0], [8, 0, 0, 0, 0], [12, 0, 0, 0, 0, 0, 0], [0]].flat())

/** The control batch of one record that ends a transaction, as Kafka writes it; `now` in milliseconds. */
export function markerBatch({ producerId, epoch, committed }: Marker, now: bigint): RecordBatch {
  const header = Buffer.alloc(at.records)
  header.writeInt32BE(at.records + record.length - at.length - 4, at.length)
  header.writeInt8(2, at.magic)
  header.writeInt16BE(transactionalBit | controlBit, at.attributes)
  header.writeBigInt64BE(now, at.baseTimestamp)
  header.writeBigInt64BE(now, at.maxTimestamp)
  header.writeBigInt64BE(producerId, at.producerId)
  header.writeInt16BE(epoch, at.producerEpoch)
  header.writeInt32BE(-1, at.baseSequence)
  header.writeInt32BE(1, at.count)
  const bytes = Buffer.concat([header, record])
  if (committed) bytes.writeInt16BE(commitType, controlTypeAt)
  bytes.writeUInt32BE(crc32c(bytes, at.attributes), at.crc)
  return { ...headOf(bytes), bytes }
}
