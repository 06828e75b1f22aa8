import { type Code, code } from '../wire/codes.js'
import { crc32c } from './crc32c.js'

/** Byte positions in a record batch of format 2; everything from `attributes` on is covered by the checksum. */
export const at = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const

const compressionMask = 0x07
const appendTimeBit = 0x08
export const transactionalBit = 0x10
export const controlBit = 0x20
/** none, gzip, snappy, lz4, zstd */
const highestCodec = 4
/** There has only ever been one leader. */
const leaderEpoch = 0

/** A record batch: its bytes, and what the log needs to know of them. */
export interface RecordBatch {
  readonly bytes: Buffer
  readonly count: number
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd */
  readonly codec: number
  /** all its records have the time the broker took them, `maxTimestamp`; else each has one of its own */
  readonly appendTime: boolean
  readonly transactional: boolean
  /** written by the broker: the end of a transaction */
  readonly control: boolean
  readonly baseTimestamp: bigint
  readonly maxTimestamp: bigint
  /** -1 where the producer is not idempotent */
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  /** position of the (perhaps compressed) records in `bytes` */
  readonly recordsAt: number
}

/** The one batch that a produce request carries for a partition, or the code that says why it is refused. */
export function checkBatch(bytes: Buffer): RecordBatch | Code {
  if (bytes.length <= at.magic) return bytes.length === 0 ? code.invalidRecord : code.corruptMessage
  if (bytes.readInt8(at.magic) !== 2) return code.invalidRecord
  if (bytes.length < at.records) return code.corruptMessage
  const announced = lengthAt(bytes, 0)
  if (announced > bytes.length || announced < at.records) return code.corruptMessage
  if (announced < bytes.length) return code.invalidRecord // a produce request carries exactly one batch
  if (bytes.readUInt32BE(at.crc) !== crc32c(bytes, at.attributes)) return code.corruptMessage
  const batch = readBatch(bytes)
  const refused = checkFields(batch)
  return refused === code.none ? batch : refused
}

function checkFields(batch: RecordBatch): Code {
  if (batch.control) return code.invalidRecord // only a broker writes these
  if (batch.codec > highestCodec) return code.unsupportedCompression
  if (batch.count < 1 || batch.bytes.readInt32BE(at.lastOffsetDelta) !== batch.count - 1) return code.invalidRecord
  const idempotent = batch.producerId >= 0n
  if (idempotent && (batch.producerEpoch < 0 || batch.baseSequence < 0)) return code.invalidRecord
  return batch.transactional && !idempotent ? code.invalidRecord : code.none
}

/** What the header of a batch says; the bytes are known to hold a whole one. */
export function readBatch(bytes: Buffer): RecordBatch {
  const attributes = bytes.readInt16BE(at.attributes)
  return {
    bytes,
    count: bytes.readInt32BE(at.count),
    codec: attributes & compressionMask,
    appendTime: (attributes & appendTimeBit) !== 0,
    transactional: (attributes & transactionalBit) !== 0,
    control: (attributes & controlBit) !== 0,
    baseTimestamp: bytes.readBigInt64BE(at.baseTimestamp),
    maxTimestamp: bytes.readBigInt64BE(at.maxTimestamp),
    producerId: bytes.readBigInt64BE(at.producerId),
    producerEpoch: bytes.readInt16BE(at.producerEpoch),
    baseSequence: bytes.readInt32BE(at.baseSequence),
    recordsAt: at.records,
  }
}

/** The length of the batch that begins at a position of `bytes`. */
export function lengthAt(bytes: Buffer, position: number): number {
  return bytes.readInt32BE(position + at.length) + at.length + 4
}

/** Gives a stored batch its offset and leader epoch, in place; the checksum covers neither. */
export function place(bytes: Buffer, baseOffset: number): void {
  bytes.writeBigInt64BE(BigInt(baseOffset), at.baseOffset)
  bytes.writeInt32BE(leaderEpoch, at.leaderEpoch)
}

/**
 * Gives all records of a stored batch the time at which the broker took them (milliseconds), or, without one, leaves
 * each its own. In place: the header says it for all of them, so that compressed records stay as they are.
 */
export function stamp(bytes: Buffer, appendTime: bigint | undefined): void {
  const attributes = bytes.readInt16BE(at.attributes)
  const wanted = appendTime === undefined ? attributes & ~appendTimeBit : attributes | appendTimeBit
  if (appendTime === undefined && wanted === attributes) return
  bytes.writeInt16BE(wanted, at.attributes)
  if (appendTime !== undefined) bytes.writeBigInt64BE(appendTime, at.maxTimestamp)
  bytes.writeUInt32BE(crc32c(bytes, at.attributes), at.crc)
}
