import { at, controlBit, type RecordBatch, readBatch, transactionalBit } from './batch.js'
import { crc32c } from './crc32c.js'

/** How a transaction ended in one partition. */
export interface Marker {
  readonly producerId: bigint
  readonly epoch: number
  readonly committed: boolean
}

/** Control record types; both begin with a version, 0. */
const abort = 0
const commit = 1
/** The record's place in the batch: length, attributes, two deltas and the length of the key, a byte each. */
const keyAt = at.records + 5
/** Length 16 | attributes | time delta | offset delta | key length 4 | version, type | value length 6 | version, coordinator epoch | no headers; lengths as zigzag varints. */
const record = Buffer.from([32, 0, 0, 0, 8, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0])

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
  bytes.writeInt16BE(committed ? commit : abort, keyAt + 2)
  bytes.writeUInt32BE(crc32c(bytes, at.attributes), at.crc)
  return readBatch(bytes)
}

/** What a control batch of the log says. */
export function readMarker({ bytes, producerId, producerEpoch }: RecordBatch): Marker {
  return { producerId, epoch: producerEpoch, committed: bytes.readInt16BE(keyAt + 2) === commit }
}
