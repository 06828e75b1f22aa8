import { type Code, code } from '../wire/codes.js'
import { placed, type RecordBatch } from './batch.js'
import { Producers } from './producers.js'
import { firstAtOrAfter } from './timestamps.js'

/** One stored batch and its line in the index. */
interface Entry {
  readonly batch: RecordBatch
  readonly baseOffset: number
  readonly nextOffset: number
  /** bytes stored before this batch since the log began */
  readonly position: number
  /** newest timestamp of this batch and all before it: rises along the index, so a time is found by bisection */
  readonly newest: bigint
}

export type Appended = { readonly baseOffset: number } | { readonly refused: Code }

/**
 * One partition: batches as they were received, found by offset or time through an index of batch starts.
 * Invariants: entries are contiguous in offset and position; `startOffset` ≤ `endOffset`; a stored byte never changes.
 */
export class PartitionLog {
  #entries: Entry[] = []
  #startOffset = 0
  #endOffset = 0
  #endPosition = 0
  readonly #producers = new Producers()
  readonly #watchers = new Set<() => void>()

  /** Offset of the first record still kept. */
  get startOffset(): number {
    return this.#startOffset
  }

  /** Offset the next record will get; with one broker and no transactions also high watermark and last stable offset. */
  get endOffset(): number {
    return this.#endOffset
  }

  append(batch: RecordBatch): Appended {
    const known = this.#producers.check(batch)
    if (known !== undefined) return 'refused' in known ? known : { baseOffset: known.duplicateOf }
    const baseOffset = this.#endOffset
    const before = this.#entries.at(-1)
    const newest = before !== undefined && before.newest > batch.maxTimestamp ? before.newest : batch.maxTimestamp
    const stored = { ...batch, bytes: placed(batch, baseOffset) }
    const nextOffset = baseOffset + batch.count
    this.#entries.push({ batch: stored, baseOffset, nextOffset, position: this.#endPosition, newest })
    this.#endOffset = nextOffset
    this.#endPosition += stored.bytes.length
    this.#producers.wrote(batch, baseOffset)
    this.wake()
    return { baseOffset }
  }

  contains(offset: number): boolean {
    return offset >= this.#startOffset && offset <= this.#endOffset
  }

  /** Bytes a reader at `offset` has before it. */
  bytesFrom(offset: number): number {
    const entry = this.#entries[this.#indexOf(offset)]
    return entry === undefined ? 0 : this.#endPosition - entry.position
  }

  /** Whole batches from the one that holds `offset`, within `maxBytes`; the first one regardless, if `atLeastOne`. */
  read(offset: number, maxBytes: number, atLeastOne: boolean): Buffer[] {
    const found: Buffer[] = []
    let left = maxBytes
    for (let index = this.#indexOf(offset); index < this.#entries.length; index++) {
      const bytes = this.#entries[index]?.batch.bytes
      if (bytes === undefined) break
      if (bytes.length > left && !(atLeastOne && found.length === 0)) break
      found.push(bytes)
      left -= bytes.length
    }
    return found
  }

  /** The first record at or after `time` (milliseconds), if there is one. */
  at(time: bigint): { offset: number; timestamp: bigint } | undefined {
    let index = bisect(this.#entries, (one) => one.newest >= time)
    // A deleted batch may have set `newest`: go on to the batch that really reaches the time.
    while ((this.#entries[index]?.batch.maxTimestamp ?? time) < time) index++
    const entry = this.#entries[index]
    if (entry === undefined) return undefined
    const { delta, timestamp } = firstAtOrAfter(entry.batch, time)
    return { offset: Math.max(entry.baseOffset + delta, this.#startOffset), timestamp }
  }

  /** Forgets the records before `offset` (-1: all of them); whole batches leave memory. */
  deleteBefore(offset: number): Code {
    const target = offset === -1 ? this.#endOffset : offset
    if (target < 0 || target > this.#endOffset) return code.offsetOutOfRange
    this.#startOffset = Math.max(this.#startOffset, target)
    this.#entries = this.#entries.slice(this.#indexOf(this.#startOffset))
    return code.none
  }

  /** Calls `watcher` after every append, and when the topic goes; returns what ends that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  wake(): void {
    for (const watcher of [...this.#watchers]) watcher()
  }

  #indexOf(offset: number): number {
    return bisect(this.#entries, (entry) => entry.nextOffset > offset)
  }
}

/** Index of the first item for which `reached` holds, given that it holds for all after it; the length if for none. */
function bisect<T>(items: readonly T[], reached: (item: T) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = items[middle]
    if (item !== undefined && reached(item)) high = middle
    else low = middle + 1
  }
  return low
}
