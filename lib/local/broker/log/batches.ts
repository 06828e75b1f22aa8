import { at, lengthAt, type RecordBatch, readBatch } from './batch.js'
import { bisect } from './bisect.js'
import { Memory, type Place } from './memory.js'
import { firstAtOrAfter } from './timestamps.js'

/** One stored batch and its line in the index. */
interface Entry extends Place {
  readonly baseOffset: number
  readonly nextOffset: number
  /** bytes stored before this batch since the log began */
  readonly position: number
  /** newest timestamp of this batch and all before it: rises along the index, so a time is found by bisection */
  readonly newest: number
}

/** What was read: pieces of one or more whole batches, and the offset behind them. */
export interface ReadBatches {
  readonly pieces: readonly Buffer[]
  readonly bytes: number
  readonly nextOffset: number
}

/** A record's place in the log and its time in milliseconds. */
export interface Timed {
  readonly offset: number
  readonly timestamp: bigint
}

/** When to stop forgetting the oldest batches: `bytes` stored behind one, its newest time (milliseconds), its end. */
type Keep = (bytesBehind: number, newest: bigint, nextOffset: number) => boolean

/**
 * The stored batches of a partition, found by offset or time through an index of their starts.
 * Invariant: entries are contiguous in offset and position.
 */
export class Batches {
  #entries: Entry[] = []
  #endPosition = 0
  readonly #memory = new Memory()

  /** Keeps a copy of a batch as the records from `baseOffset` on, and gives it to whoever completes its header. */
  push(batch: RecordBatch, baseOffset: number, newestTime: bigint): Buffer {
    const stored = this.#memory.put(batch.bytes)
    const newest = Math.max(this.#entries.at(-1)?.newest ?? -1, Number(newestTime))
    const nextOffset = baseOffset + batch.count
    this.#entries.push({ ...stored, baseOffset, nextOffset, position: this.#endPosition, newest })
    this.#endPosition += batch.bytes.length
    return stored.chunk.subarray(stored.at, stored.at + batch.bytes.length)
  }

  /** Bytes from the batch that holds `offset` up to the one that holds `end`. */
  bytesBetween(offset: number, end: number): number {
    return offset >= end ? 0 : this.#positionOf(end) - this.#positionOf(offset)
  }

  /** Whole batches from the one that holds `offset`, up to `end`, within `maxBytes`; the first one regardless, if `atLeastOne`. */
  read(offset: number, end: number, maxBytes: number, atLeastOne: boolean): ReadBatches {
    const pieces: Buffer[] = []
    let nextOffset = offset
    let left = maxBytes
    let piece: { chunk: Buffer; from: number; to: number } | undefined
    for (let index = this.#indexOf(offset); index < this.#entries.length; index++) {
      const entry = this.#entries[index]
      if (entry === undefined || entry.baseOffset >= end) break
      const { chunk, at: from } = entry
      const length = lengthAt(chunk, from)
      if (length > left && !(atLeastOne && piece === undefined)) break
      if (piece?.chunk === chunk && piece.to === from) piece.to += length
      else {
        if (piece !== undefined) pieces.push(piece.chunk.subarray(piece.from, piece.to))
        piece = { chunk, from, to: from + length }
      }
      nextOffset = entry.nextOffset
      left -= length
    }
    if (piece !== undefined) pieces.push(piece.chunk.subarray(piece.from, piece.to))
    return { pieces, bytes: maxBytes - left, nextOffset }
  }

  /** The first record at or after `time` (milliseconds), if there is one. */
  at(time: bigint): Timed | undefined {
    // A deleted batch may have set `newest`: go on to the batch that really reaches the time.
    for (let index = bisect(this.#entries, ({ newest }) => newest >= time); index < this.#entries.length; index++) {
      const entry = this.#entries[index]
      if (entry !== undefined && newestOf(entry) >= time) return timed(entry, time)
    }
    return undefined
  }

  /** The first record with the newest timestamp, if there is any record. */
  newest(): Timed | undefined {
    let found: Entry | undefined
    for (const entry of this.#entries) if (found === undefined || newestOf(entry) > newestOf(found)) found = entry
    return found && timed(found, newestOf(found))
  }

  /** The start of the first batch to `keep`, which is the last one where there is no other; `undefined` without any. */
  firstKept(keep: Keep): number | undefined {
    for (const entry of this.#entries) {
      const behind = this.#endPosition - entry.position - lengthAt(entry.chunk, entry.at)
      if (behind === 0 || keep(behind, newestOf(entry), entry.nextOffset)) return entry.baseOffset
    }
    return undefined
  }

  /** Forgets the batches that end at or before `offset`. */
  dropBefore(offset: number): void {
    const gone = this.#indexOf(offset)
    if (gone > 0) this.#entries = this.#entries.slice(gone)
  }

  #indexOf(offset: number): number {
    return bisect(this.#entries, (entry) => entry.nextOffset > offset)
  }

  #positionOf(offset: number): number {
    return this.#entries[this.#indexOf(offset)]?.position ?? this.#endPosition
  }
}

function timed({ chunk, at: from, baseOffset }: Entry, time: bigint): Timed {
  const { delta, timestamp } = firstAtOrAfter(readBatch(chunk.subarray(from, from + lengthAt(chunk, from))), time)
  return { offset: baseOffset + delta, timestamp }
}

function newestOf({ chunk, at: from }: Entry): bigint {
  return chunk.readBigInt64BE(from + at.maxTimestamp)
}
