import { memoryShelf, type Shelf } from '../disk/index.js'
import { type Code, code } from '../wire/codes.js'
import { type BatchHead, headOf, place, type RecordBatch } from './batch.js'
import { Entries } from './entries.js'
import { type Marker, markerBatch } from './marker.js'
import { Producers } from './producers.js'
import { defaultPolicy, type LogPolicy } from './settings.js'
import { firstAtOrAfter } from './timestamps.js'
import { type Aborted, PartitionTransactions } from './transactions.js'

/** `appendTime`: the time all records were given (milliseconds), -1 where each keeps its own; of a repetition its newest. */
export type Appended = { readonly baseOffset: number; readonly appendTime: bigint } | { readonly refused: Code }

/** Whole batches in a few pieces, and the offset behind the last. */
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

/**
 * One partition: the batches it received, in order, and the rules by which they come and go.
 * Invariants: `startOffset` ≤ `stableOffset` ≤ `endOffset`; a stored byte never changes. The content changes in `#store`
 * and `#startAt` only; all else that it knows (index, producers, transactions) follows from the heads of the batches.
 */
export class PartitionLog {
  policy: LogPolicy = defaultPolicy
  #startOffset: number
  #endOffset: number
  readonly #shelf: Shelf
  readonly #entries = new Entries()
  readonly #producers = new Producers()
  readonly #transactions = new PartitionTransactions()
  readonly #watchers = new Set<() => void>()

  /** Goes on with what an earlier process has left on the shelf. */
  constructor(shelf: Shelf = memoryShelf()) {
    this.#shelf = shelf
    this.#startOffset = shelf.startOffset
    this.#endOffset = shelf.baseOffset
    for (const { head, length } of shelf.stored()) this.#enter(headOf(head), length)
    this.#startAt(this.#startOffset)
  }

  /** Offset of the first record still kept. */
  get startOffset(): number {
    return this.#startOffset
  }

  /** Offset the next record will get; with one broker also the high watermark. */
  get endOffset(): number {
    return this.#endOffset
  }

  /** Up to here every transaction has ended: a reader of committed records gets no further. */
  get stableOffset(): number {
    return Math.max(this.#transactions.firstOpen ?? this.#endOffset, this.#startOffset)
  }

  /** Takes over the bytes of the batch, and completes their header. `now`: milliseconds since the epoch. */
  append(batch: RecordBatch, now: number): Appended {
    if (batch.bytes.length > this.policy.maxBatchBytes) return { refused: code.messageTooLarge }
    const { appendTime: stamped, maxAheadMs } = this.policy
    if (!stamped && Number(batch.maxTimestamp) - now > maxAheadMs) return { refused: code.invalidTimestamp }
    const known = this.#producers.check(batch)
    if (known !== undefined)
      return 'refused' in known ? known : { baseOffset: known.duplicateOf, appendTime: batch.maxTimestamp }
    if (!batch.transactional && this.inTransaction(batch.producerId)) return { refused: code.invalidTxnState }
    const appendTime = stamped ? BigInt(now) : undefined
    const baseOffset = this.#store(batch, appendTime)
    return { baseOffset, appendTime: appendTime ?? -1n }
  }

  /** Ends a producer's transaction here, so that its records can be read, or never will be. `now` as above. */
  mark(marker: Marker, now: number): void {
    this.#store(markerBatch(marker, BigInt(now)), undefined)
  }

  /** Whether a transaction of the producer, still under way, has records here. */
  inTransaction(producerId: bigint): boolean {
    return this.#transactions.has(producerId)
  }

  /** The aborted transactions that a reader of the offsets from `from` up to (not with) `to` must know of. */
  abortedIn(from: number, to: number): Aborted[] {
    return this.#transactions.abortedIn(from, to)
  }

  contains(offset: number): boolean {
    return offset >= this.#startOffset && offset <= this.#endOffset
  }

  /** Bytes that a reader at `offset` has before it, up to `end`. */
  bytesFrom(offset: number, end = this.#endOffset): number {
    return offset >= end ? 0 : this.#entries.positionOf(end) - this.#entries.positionOf(offset)
  }

  /** Whole batches from the one that holds `offset`, up to `end`, within `maxBytes`; the first one regardless, if `atLeastOne`. */
  read(offset: number, maxBytes: number, atLeastOne: boolean, end = this.#endOffset): ReadBatches {
    // An end in the middle of a batch, where records were deleted under an open transaction, is one too.
    const span = offset < end ? this.#entries.span(offset, end, maxBytes, atLeastOne) : undefined
    if (span === undefined) return { pieces: [], bytes: 0, nextOffset: offset }
    const pieces = this.#shelf.read(span.position, span.length)
    return { pieces, bytes: span.length, nextOffset: span.nextOffset }
  }

  /** The first record at or after `time` (milliseconds), if there is one. */
  at(time: bigint): Timed | undefined {
    const entry = this.#entries.reaching(time)
    if (entry === undefined) return undefined
    const bytes = Buffer.concat(this.#shelf.read(entry.position, entry.length))
    const { delta, timestamp } = firstAtOrAfter(bytes, time)
    return { offset: Math.max(entry.baseOffset + delta, this.#startOffset), timestamp }
  }

  /** The first record with the newest timestamp, if there is any record. */
  newest(): Timed | undefined {
    const time = this.#entries.newestTime()
    return time === undefined ? undefined : this.at(time)
  }

  /** Forgets the records before `offset` (-1: all of them); whole batches leave the log. */
  deleteBefore(offset: number): Code {
    const target = offset === -1 ? this.#endOffset : offset
    if (target < 0 || target > this.#endOffset) return code.offsetOutOfRange
    if (target > this.#startOffset) this.#startAt(target)
    return code.none
  }

  /** Forgets whole batches that are too old or too many, never the newest nor one of a transaction under way. */
  retain(now: number): void {
    const { retentionBytes, retentionMs } = this.policy
    if (retentionBytes < 0 && retentionMs < 0) return
    const stable = this.stableOffset
    const kept = this.#entries.firstKept((entry, bytesBehind) => {
      const surplus = retentionBytes >= 0 && bytesBehind >= retentionBytes
      const expired = retentionMs >= 0 && entry.maxTimestamp < now - retentionMs
      return entry.nextOffset > stable || !(surplus || expired)
    })
    if (kept !== undefined && kept.baseOffset > this.#startOffset) this.#startAt(kept.baseOffset)
  }

  /** Calls `watcher` after every append, and when the topic goes; returns what ends that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  wake(): void {
    for (const watcher of [...this.#watchers]) watcher()
  }

  #store(batch: RecordBatch, appendTime: bigint | undefined): number {
    const baseOffset = this.#endOffset
    place(batch.bytes, baseOffset, appendTime)
    this.#shelf.append(batch.bytes, baseOffset)
    this.#enter(appendTime === undefined ? batch : { ...batch, maxTimestamp: appendTime }, batch.bytes.length)
    this.wake()
    return baseOffset
  }

  /** Puts a batch that is on the shelf into the index, and takes note of its producer and transaction. */
  #enter(batch: BatchHead, length: number): void {
    const baseOffset = this.#endOffset
    this.#endOffset = baseOffset + batch.count
    this.#entries.add(baseOffset, this.#endOffset, length, batch.maxTimestamp)
    const { producerId, producerEpoch } = batch
    if (producerId < 0n) return
    if (batch.control) {
      this.#producers.marked(producerId, producerEpoch)
      this.#transactions.ended(producerId, baseOffset, batch.commits)
      return
    }
    this.#producers.wrote(batch, baseOffset)
    if (batch.transactional) this.#transactions.wrote(producerId, baseOffset)
  }

  #startAt(offset: number): void {
    this.#shelf.trim(offset, this.#entries.positionOf(offset))
    this.#entries.dropBefore(offset)
    this.#transactions.forgetBefore(offset)
    this.#startOffset = offset
  }
}
