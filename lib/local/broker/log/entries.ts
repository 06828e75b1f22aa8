import { bisect } from '../disk/index.js'

/** One stored batch in the index; its bytes are on the shelf. */
export interface Entry {
  readonly baseOffset: number
  readonly nextOffset: number
  /** bytes stored before this batch since the log began */
  readonly position: number
  readonly length: number
  readonly maxTimestamp: bigint
  /** newest timestamp of this batch and all before it: rises along the index, so a time is found by bisection */
  readonly newest: bigint
}

/** Bytes that stand together on the shelf, and the offset behind their last record. */
export interface Span {
  readonly position: number
  readonly length: number
  readonly nextOffset: number
}

/** The index of a partition's batches. Invariant: entries are contiguous in offset and position. */
export class Entries {
  #entries: Entry[] = []
  #endPosition = 0

  add(baseOffset: number, nextOffset: number, length: number, maxTimestamp: bigint): void {
    const before = this.#entries.at(-1)
    const newest = before !== undefined && before.newest > maxTimestamp ? before.newest : maxTimestamp
    this.#entries.push({ baseOffset, nextOffset, position: this.#endPosition, length, maxTimestamp, newest })
    this.#endPosition += length
  }

  /** Where the batch that holds `offset` begins; the end of all if there is none. */
  positionOf(offset: number): number {
    return this.#entries[this.#indexOf(offset)]?.position ?? this.#endPosition
  }

  /** Whole batches from the one that holds `offset`, up to `end`, within `maxBytes`; the first one regardless, if `atLeastOne`. */
  span(offset: number, end: number, maxBytes: number, atLeastOne: boolean): Span | undefined {
    const first = this.#indexOf(offset)
    const start = this.#entries[first]
    let last: Entry | undefined
    let length = 0
    for (let index = first; index < this.#entries.length; index++) {
      const entry = this.#entries[index]
      if (start === undefined || entry === undefined || entry.baseOffset >= end) break
      if (length + entry.length > maxBytes && !(atLeastOne && last === undefined)) break
      length += entry.length
      last = entry
    }
    return start && last && { position: start.position, length, nextOffset: last.nextOffset }
  }

  /** The first batch that has a record at or after `time` (milliseconds). */
  reaching(time: bigint): Entry | undefined {
    let index = bisect(this.#entries, ({ newest }) => newest >= time)
    // A deleted batch may have set `newest`: go on to the batch that really reaches the time.
    while ((this.#entries[index]?.maxTimestamp ?? time) < time) index++
    return this.#entries[index]
  }

  /** The newest timestamp of all. */
  newestTime(): bigint | undefined {
    let newest: bigint | undefined
    for (const { maxTimestamp } of this.#entries) {
      if (newest === undefined || maxTimestamp > newest) newest = maxTimestamp
    }
    return newest
  }

  /** The first batch that `keep` says to keep, given the bytes behind it; the last one in any case. */
  firstKept(keep: (entry: Entry, bytesBehind: number) => boolean): Entry | undefined {
    const kept = this.#entries.find((entry) => keep(entry, this.#endPosition - entry.position - entry.length))
    return kept ?? this.#entries.at(-1)
  }

  /** Forgets the batches that end at or before `offset`. */
  dropBefore(offset: number): void {
    const gone = this.#indexOf(offset)
    if (gone > 0) this.#entries = this.#entries.slice(gone)
  }

  #indexOf(offset: number): number {
    return bisect(this.#entries, ({ nextOffset }) => nextOffset > offset)
  }
}
