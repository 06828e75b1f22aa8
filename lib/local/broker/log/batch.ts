import { crc32c } from '../../../crc32c.js'
import { type Code, code } from '../wire/codes.js'

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
/** Format 2 is the only one that a produce request carries from version 3 on. */
const newestMagic = 2
/** none, gzip, snappy, lz4, zstd */
const highestCodec = 4
/** There has only ever been one leader. */
const leaderEpoch = 0

/** What the log needs to know of a batch: all of it stands in its first bytes. */
export interface BatchHead {
  readonly count: number
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd */
  readonly codec: number
  /** all its records have the time the broker took them, `maxTimestamp`; else each has one of its own */
  readonly appendTime: boolean
  readonly transactional: boolean
  /** written by the broker: the end of a transaction; `commits` says which */
  readonly control: boolean
  readonly commits: boolean
  readonly baseTimestamp: bigint
  readonly maxTimestamp: bigint
  /** -1 where the producer is not idempotent */
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
}

/** A record batch: its head, and its bytes. */
export interface RecordBatch extends BatchHead {
  readonly bytes: Buffer
}

/** Position of the (perhaps compressed) records in a batch. */
export const recordsAt = at.records
/** Position of the type of a control record, behind its length, attributes, two deltas, the length and version of its key. */
export const controlTypeAt = at.records + 7
/** The control record type of a commit; 0 is an abort. */
export const commitType = 1

/** The one batch that a produce request carries for a partition, or the code that says why it is refused. */
export function checkBatch(bytes: Buffer): RecordBatch | Code {
  const unframed = checkFrame(bytes)
  if (unframed !== code.none) return unframed
  if (bytes.readUInt32BE(at.crc) !== crc32c(bytes, at.attributes)) return code.corruptMessage
  const batch = { ...headOf(bytes), bytes }
  const refused = checkFields(batch)
  return refused === code.none ? batch : refused
}

/** As Kafka reads it: bytes that cannot begin a batch are corrupt, a batch that is not all there is none. */
function checkFrame(bytes: Buffer): Code {
  if (bytes.length <= at.magic) return code.invalidRecord
  const magic = bytes.readInt8(at.magic)
  const announced = bytes.readInt32BE(at.length) + at.length + 4
  if (magic < 0 || magic > newestMagic || announced < at.magic) return code.corruptMessage
  if (announced > bytes.length || magic < newestMagic) return code.invalidRecord
  if (announced < at.records) return code.corruptMessage
  return announced < bytes.length ? code.invalidRecord : code.none // a produce request carries exactly one batch
}

function checkFields(batch: RecordBatch): Code {
  if (batch.control) return code.invalidRecord // only a broker writes these
  if (batch.codec > highestCodec) return code.unsupportedCompression
  if (batch.count < 1 || batch.bytes.readInt32BE(at.lastOffsetDelta) !== batch.count - 1) return code.invalidRecord
  return batch.producerId >= 0n && batch.baseSequence < 0 ? code.invalidRecord : code.none
}

/** The head of a batch that was checked before. */
export function headOf(bytes: Buffer): BatchHead {
  const attributes = bytes.readInt16BE(at.attributes)
  const control = (attributes & controlBit) !== 0
  return {
    count: bytes.readInt32BE(at.count),
    codec: attributes & compressionMask,
    appendTime: (attributes & appendTimeBit) !== 0,
    transactional: (attributes & transactionalBit) !== 0,
    control,
    commits: control && bytes.length > controlTypeAt + 1 && bytes.readInt16BE(controlTypeAt) === commitType,
    baseTimestamp: bytes.readBigInt64BE(at.baseTimestamp),
    maxTimestamp: bytes.readBigInt64BE(at.maxTimestamp),
    producerId: bytes.readBigInt64BE(at.producerId),
    producerEpoch: bytes.readInt16BE(at.producerEpoch),
    baseSequence: bytes.readInt32BE(at.baseSequence),
  }
}

/**
 * Completes the header of a batch as the leader of its partition does, in place: its offset, the leader's epoch, and the
 * time at which the broker took it (milliseconds), where that is to be the time of all its records. The header says it
 * for all of them, so that compressed records stay as they are.
 */
export function place(bytes: Buffer, baseOffset: number, appendTime: bigint | undefined): void {
  bytes.writeBigInt64BE(BigInt(baseOffset), at.baseOffset)
  bytes.writeInt32BE(leaderEpoch, at.leaderEpoch)
  const attributes = bytes.readInt16BE(at.attributes)
  const wanted = appendTime === undefined ? attributes & ~appendTimeBit : attributes | appendTimeBit
  if (appendTime === undefined && wanted === attributes) return // nothing that the checksum covers has changed
  bytes.writeInt16BE(wanted, at.attributes)
  if (appendTime !== undefined) bytes.writeBigInt64BE(appendTime, at.maxTimestamp)
  bytes.writeUInt32BE(crc32c(bytes, at.attributes), at.crc)
}
