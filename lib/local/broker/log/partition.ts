import { type Code, code } from '../wire/codes.js'
import { place, type RecordBatch, stamp } from './batch.js'
import { Batches, type ReadBatches, type Timed } from './batches.js'
import { type Marker, markerBatch, readMarker } from './marker.js'
import { Producers } from './producers.js'
import type { LogPolicy } from './settings.js'
import { type Aborted, PartitionTransactions } from './transactions.js'

/** `appendTime`: the time all records were given (milliseconds), -1 where each keeps its own. */
export type Appended = { readonly baseOffset: number; readonly appendTime: bigint } | { readonly refused: Code }

/**
 * One partition: the batches it received, in order, and the rules by which they come and go.
 * Invariants: `startOffset` ≤ `stableOffset` ≤ `endOffset`; a stored byte never changes. The content changes in `#store`
 * and `#startAt` only, and all else that it knows (producers, transactions) follows from the batches.
 */
export class PartitionLog {
  policy: LogPolicy
  #startOffset = 0
  #endOffset = 0
  readonly #batches = new Batches()
  readonly #producers = new Producers()
  readonly #transactions = new PartitionTransactions()
  readonly #watchers = new Set<() => void>()

  constructor(policy: LogPolicy) {
    this.policy = policy
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

  /** `now` in milliseconds since the epoch. */
  append(batch: RecordBatch, now: number): Appended {
    if (batch.bytes.length > this.policy.maxBatchBytes) return { refused: code.messageTooLarge }
    const known = this.#producers.check(batch)
    if (known !== undefined) return 'refused' in known ? known : { baseOffset: known.duplicateOf, appendTime: -1n }
    if (!batch.transactional && this.inTransaction(batch.producerId)) return { refused: code.invalidTxnState }
    const appendTime = this.policy.appendTime ? BigInt(now) : undefined
    const baseOffset = this.#store(batch, appendTime)
    this.wake()
    return { baseOffset, appendTime: appendTime ?? -1n }
  }

  /** Ends a producer's transaction here, so that its records can be read, or never will be. `now` as above. */
  mark(marker: Marker, now: number): void {
    this.#store(markerBatch(marker, BigInt(now)))
    this.wake()
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
    return this.#batches.bytesBetween(offset, end)
  }

  /** Whole batches from the one that holds `offset`, up to `end`, within `maxBytes`; the first one regardless, if `atLeastOne`. */
  read(offset: number, maxBytes: number, atLeastOne: boolean, end = this.#endOffset): ReadBatches {
    return this.#batches.read(offset, end, maxBytes, atLeastOne)
  }

  /** The first record at or after `time` (milliseconds), if there is one. */
  at(time: bigint): Timed | undefined {
    return this.#within(this.#batches.at(time))
  }

  /** The first record with the newest timestamp, if there is any record. */
  newest(): Timed | undefined {
    return this.#within(this.#batches.newest())
  }

  /** Forgets the records before `offset` (-1: all of them); whole batches leave memory. */
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
    const first = this.#batches.firstKept((bytesBehind, newest, nextOffset) => {
      const surplus = retentionBytes >= 0 && bytesBehind >= retentionBytes
      const expired = retentionMs >= 0 && newest < now - retentionMs
      return nextOffset > stable || !(surplus || expired)
    })
    if (first !== undefined && first > this.#startOffset) this.#startAt(first)
  }

  /** Calls `watcher` after every append, and when the topic goes; returns what ends that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  wake(): void {
    for (const watcher of [...this.#watchers]) watcher()
  }

  /** Appends a batch, with its records' time or each with its own. */
  #store(batch: RecordBatch, appendTime?: bigint): number {
    const baseOffset = this.#endOffset
    const bytes = this.#batches.push(batch, baseOffset, appendTime ?? batch.maxTimestamp)
    place(bytes, baseOffset)
    stamp(bytes, appendTime)
    this.#endOffset = baseOffset + batch.count
    this.#remember(batch, baseOffset)
    return baseOffset
  }

  #remember(batch: RecordBatch, baseOffset: number): void {
    if (batch.producerId < 0n) return
    if (batch.control) {
      const { producerId, epoch, committed } = readMarker(batch)
      this.#producers.marked(producerId, epoch)
      this.#transactions.ended(producerId, baseOffset, committed)
      return
    }
    this.#producers.wrote(batch, baseOffset)
    if (batch.transactional) this.#transactions.wrote(batch.producerId, baseOffset)
  }

  #startAt(offset: number): void {
    this.#startOffset = offset
    this.#batches.dropBefore(offset)
    this.#transactions.forgetBefore(offset)
  }

  #within(found: Timed | undefined): Timed | undefined {
    return found && { ...found, offset: Math.max(found.offset, this.#startOffset) }
  }
}
