import { type Code, code } from '../wire/codes.js'
import { crc32c } from './crc32c.js'

/** Byte positions in a record batch of format 2; everything from `attributes` on is covered by the checksum. */
const at = {
  baseOffset: 0,
  length: 8,
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
const transactionalBit = 0x10
const controlBit = 0x20
/** none, gzip, snappy, lz4, zstd */
const highestCodec = 4

/** What the log needs to know of a batch: all of it stands in its first bytes. */
export interface BatchHead {
  readonly count: number
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd */
  readonly codec: number
  readonly baseTimestamp: bigint
  readonly maxTimestamp: bigint
  /** -1 where the producer is not idempotent */
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
}

/** A checked record batch: its head, and its bytes as received. */
export interface RecordBatch extends BatchHead {
  readonly bytes: Buffer
}

/** Position of the (perhaps compressed) records in a batch. */
export const recordsAt = at.records

/** The one batch that a produce request carries for a partition, or the code that says why it is refused. */
export function checkBatch(bytes: Buffer): RecordBatch | Code {
  if (bytes.length <= at.magic) return bytes.length === 0 ? code.invalidRecord : code.corruptMessage
  if (bytes.readInt8(at.magic) !== 2) return code.invalidRecord
  if (bytes.length < at.records) return code.corruptMessage
  const announced = bytes.readInt32BE(at.length) + at.length + 4
  if (announced > bytes.length || announced < at.records) return code.corruptMessage
  if (announced < bytes.length) return code.invalidRecord // a produce request carries exactly one batch
  if (bytes.readUInt32BE(at.crc) !== crc32c(bytes, at.attributes)) return code.corruptMessage
  return checkAttributes(bytes)
}

function checkAttributes(bytes: Buffer): RecordBatch | Code {
  const attributes = bytes.readInt16BE(at.attributes)
  if (attributes & transactionalBit) return code.invalidTxnState
  if (attributes & controlBit) return code.invalidRecord
  const codec = attributes & compressionMask
  if (codec > highestCodec) return code.unsupportedCompression
  const count = bytes.readInt32BE(at.count)
  if (count < 1 || bytes.readInt32BE(at.lastOffsetDelta) !== count - 1) return code.invalidRecord
  return { ...headOf(bytes), bytes }
}

/** The head of a batch that was checked before. */
export function headOf(bytes: Buffer): BatchHead {
  return {
    count: bytes.readInt32BE(at.count),
    codec: bytes.readInt16BE(at.attributes) & compressionMask,
    baseTimestamp: bytes.readBigInt64BE(at.baseTimestamp),
    maxTimestamp: bytes.readBigInt64BE(at.maxTimestamp),
    producerId: bytes.readBigInt64BE(at.producerId),
    producerEpoch: bytes.readInt16BE(at.producerEpoch),
    baseSequence: bytes.readInt32BE(at.baseSequence),
  }
}

/** The batch's own copy of its bytes with the offset the log gives it; the checksum does not cover that field. */
export function placed(batch: RecordBatch, baseOffset: number): Buffer {
  const bytes = Buffer.from(batch.bytes)
  bytes.writeBigInt64BE(BigInt(baseOffset), at.baseOffset)
  return bytes
}
