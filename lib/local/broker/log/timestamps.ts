import { gunzipSync } from 'node:zlib'
import { type BatchHead, headOf, recordsAt } from './batch.js'

const gzip = 1

/** The first record of a batch at or after `time`: its place in the batch (0 for the first record) and its timestamp. */
export interface TimedRecord {
  readonly delta: number
  readonly timestamp: bigint
}

/** Far beyond any batch a client makes; keeps a compressed bomb from taking the broker's memory. */
const maxInflatedBytes = 64 * 1024 * 1024

/**
 * Finds the first record at or after `time` (milliseconds since the epoch) in a batch whose newest record is.
 * Where the records cannot be opened (a codec that Node lacks, bytes that are no records) the answer is the batch's
 * first record: a reader then starts earlier, never too late.
 */
export function firstAtOrAfter(bytes: Buffer, time: bigint): TimedRecord {
  const batch = headOf(bytes)
  if (batch.appendTime) return { delta: 0, timestamp: batch.maxTimestamp }
  const first = { delta: 0, timestamp: batch.baseTimestamp }
  if (batch.codec > gzip) return first
  try {
    const stored = bytes.subarray(recordsAt)
    const records = batch.codec === gzip ? gunzipSync(stored, { maxOutputLength: maxInflatedBytes }) : stored
    return scan(records, batch, time) ?? first
  } catch {
    return first
  }
}

function scan(records: Buffer, batch: BatchHead, time: bigint): TimedRecord | undefined {
  let position = 0
  for (let index = 0; index < batch.count; index++) {
    const length = varlong(records, position)
    if (length.value < 1n) return undefined // no record is empty, and what leads back would be walked over without an end
    const timeDelta = varlong(records, length.next + 1) // one byte of attributes comes before it
    const timestamp = batch.baseTimestamp + timeDelta.value
    if (timestamp >= time) return { delta: Number(varlong(records, timeDelta.next).value), timestamp }
    position = length.next + Number(length.value)
  }
  return undefined
}

function varlong(bytes: Buffer, from: number): { value: bigint; next: number } {
  let raw = 0n
  let at = from
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = bytes.readUInt8(at++)
    raw |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) break
  }
  return { value: (raw >> 1n) ^ -(raw & 1n), next: at }
}
