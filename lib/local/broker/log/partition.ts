import { bisect, memoryShelf, type Shelf } from '../disk/index.js'
import { type Code, code } from '../wire/codes.js'
import { type BatchHead, headOf, placed, type RecordBatch } from './batch.js'
import { Producers } from './producers.js'
import { firstAtOrAfter } from './timestamps.js'

/** One stored batch in the index; its bytes are on the shelf. */
interface Entry {
  readonly baseOffset: number
  readonly nextOffset: number
  /** bytes stored before this batch since the log began */
  readonly position: number
  readonly length: number
  readonly maxTimestamp: bigint
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
  #startOffset: number
  #endOffset: number
  #endPosition = 0
  readonly #shelf: Shelf
  readonly #producers = new Producers()
  readonly #watchers = new Set<() => void>()

  /** Goes on with what an earlier process has left on the shelf. */
  constructor(shelf: Shelf = memoryShelf()) {
    this.#shelf = shelf
    this.#startOffset = shelf.startOffset
    this.#endOffset = shelf.baseOffset
    for (const { head, length } of shelf.stored()) this.#enter(headOf(head), length)
    this.#forgetBefore(this.#startOffset)
  }

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
    const bytes = placed(batch, baseOffset)
    this.#shelf.append(bytes, baseOffset)
    this.#enter(batch, bytes.length)
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
    const first = this.#indexOf(offset)
    let next = first
    let length = 0
    for (; next < this.#entries.length; next++) {
      const more = this.#entries[next]?.length ?? 0
      if (length + more > maxBytes && !(atLeastOne && next === first)) break
      length += more
    }
    return length === 0 ? [] : this.#shelf.read(this.#entries[first]?.position ?? 0, length)
  }

  /** The first record at or after `time` (milliseconds), if there is one. */
  at(time: bigint): { offset: number; timestamp: bigint } | undefined {
    let index = bisect(this.#entries, (one) => one.newest >= time)
    // A deleted batch may have set `newest`: go on to the batch that really reaches the time.
    while ((this.#entries[index]?.maxTimestamp ?? time) < time) index++
    const entry = this.#entries[index]
    if (entry === undefined) return undefined
    const bytes = Buffer.concat(this.#shelf.read(entry.position, entry.length))
    const { delta, timestamp } = firstAtOrAfter(bytes, time)
    return { offset: Math.max(entry.baseOffset + delta, this.#startOffset), timestamp }
  }

  /** Forgets the records before `offset` (-1: all of them); whole batches leave the log. */
  deleteBefore(offset: number): Code {
    const target = offset === -1 ? this.#endOffset : offset
    if (target < 0 || target > this.#endOffset) return code.offsetOutOfRange
    if (target > this.#startOffset) this.#forgetBefore(target)
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

  /** Puts a batch that is on the shelf into the index, and takes note of its producer. */
  #enter(batch: BatchHead, length: number): void {
    const { count, maxTimestamp } = batch
    const baseOffset = this.#endOffset
    const before = this.#entries.at(-1)
    const newest = before !== undefined && before.newest > maxTimestamp ? before.newest : maxTimestamp
    const nextOffset = baseOffset + count
    this.#entries.push({ baseOffset, nextOffset, position: this.#endPosition, length, maxTimestamp, newest })
    this.#endOffset = nextOffset
    this.#endPosition += length
    this.#producers.wrote(batch, baseOffset)
  }

  #forgetBefore(offset: number): void {
    const gone = this.#indexOf(offset)
    this.#shelf.trim(offset, this.#entries[gone]?.position ?? this.#endPosition)
    this.#entries = this.#entries.slice(gone)
    this.#startOffset = offset
  }

  #indexOf(offset: number): number {
    return bisect(this.#entries, (entry) => entry.nextOffset > offset)
  }
}
