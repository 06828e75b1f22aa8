import { setImmediate as pause } from 'node:timers/promises'
import { crc32c } from '../crc32c.js'
import type { Pace } from './pace.js'
import type { Outgoing } from './record.js'

/** Positions within a record batch (format 2); its checksum covers all that follows it. */
const at = { length: 8, magic: 16, crc: 17, attributes: 21, lastDelta: 23, firstTime: 27, lastTime: 35 } as const
const producerAt = { id: 43, epoch: 51, sequence: 53 } as const
const countAt = 57
const headBytes = 61

/** Who produces a batch, and its number in the partition: what lets a broker know it again. */
export interface Producer {
  readonly id: bigint
  readonly epoch: number
  readonly sequence: number
}

/** Who a producer is for the brokers: what lets them know a batch that comes again. */
export interface Identity {
  readonly id: bigint
  readonly epoch: number
  /** The number of the next record, by the name of its lane. */
  readonly sequences: Map<string, number>
}

/** As many bytes as the record may take in a batch, or a few less. */
export function sizeOf({ key, value, headers }: Outgoing): number {
  let bytes = 36 + (key?.length ?? 0) + (value?.length ?? 0)
  for (const header of headers) bytes += 10 + lengthOf(header.key) + lengthOf(header.value)
  return bytes
}

/** The bytes of a batch that nobody has produced yet; `now` is the time of records without one. */
export async function encodeBatch(records: readonly Outgoing[], now: number, pace: Pace): Promise<Buffer> {
  let size = headBytes
  for (const record of records) size += sizeOf(record)
  const bytes = Buffer.alloc(size)
  const first = records[0]?.timestamp ?? now
  let last = first
  let end = headBytes
  for (const [n, record] of records.entries()) {
    if (pace()) await pause()
    const timestamp = record.timestamp ?? now
    last = Math.max(last, timestamp)
    end = writeRecord(bytes, end, record, timestamp - first, n)
  }
  bytes.writeInt32BE(end - at.length - 4, at.length)
  bytes.writeInt32BE(-1, at.length + 4) // leader epoch, which the broker sets
  bytes.writeInt8(2, at.magic)
  bytes.writeInt32BE(records.length - 1, at.lastDelta)
  bytes.writeBigInt64BE(BigInt(first), at.firstTime)
  bytes.writeBigInt64BE(BigInt(last), at.lastTime)
  bytes.writeInt32BE(records.length, countAt)
  return bytes.subarray(0, end)
}

/** Says in a batch who produces it. */
export function stamp(bytes: Buffer, { id, epoch, sequence }: Producer): void {
  bytes.writeBigInt64BE(id, producerAt.id)
  bytes.writeInt16BE(epoch, producerAt.epoch)
  bytes.writeInt32BE(sequence, producerAt.sequence)
  bytes.writeUInt32BE(crc32c(bytes, at.attributes), at.crc)
}

function writeRecord(bytes: Buffer, start: number, record: Outgoing, timeDelta: number, delta: number): number {
  const { key, value, headers } = record
  let length = 1 + varintSize(timeDelta) + varintSize(delta) + fieldSize(key) + fieldSize(value)
  length += varintSize(headers.length)
  for (const header of headers) length += fieldSize(header.key) + fieldSize(header.value)
  let end = writeVarint(bytes, start, length)
  bytes[end++] = 0 // attributes
  end = writeVarint(bytes, end, timeDelta)
  end = writeVarint(bytes, end, delta)
  end = writeField(bytes, end, key)
  end = writeField(bytes, end, value)
  end = writeVarint(bytes, end, headers.length)
  for (const header of headers) end = writeField(bytes, writeField(bytes, end, header.key), header.value)
  return end
}

type Field = Buffer | string | null

const lengthOf = (field: Field): number =>
  field === null ? 0 : typeof field === 'string' ? Buffer.byteLength(field) : field.length

function fieldSize(field: Field): number {
  if (field === null) return 1
  const length = lengthOf(field)
  return varintSize(length) + length
}

function writeField(bytes: Buffer, start: number, field: Field): number {
  if (field === null) return writeVarint(bytes, start, -1)
  const end = writeVarint(bytes, start, lengthOf(field))
  return end + (typeof field === 'string' ? bytes.write(field, end) : field.copy(bytes, end))
}

/** Without bit operations, which know 32 bits only: the differences of times are longer. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)

function varintSize(value: number): number {
  let size = 1
  for (let rest = zigzag(value); rest > 0x7f; rest = Math.floor(rest / 0x80)) size++
  return size
}

function writeVarint(bytes: Buffer, start: number, value: number): number {
  let end = start
  let rest = zigzag(value)
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes[end++] = (rest % 0x80) | 0x80
  bytes[end++] = rest
  return end
}
