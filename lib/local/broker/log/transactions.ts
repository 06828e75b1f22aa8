import { bisect } from '../disk/index.js'

/** One aborted transaction of a partition: readers of committed records leave out what its producer wrote in it. */
export interface Aborted {
  readonly producerId: bigint
  /** of its first record here */
  readonly firstOffset: number
  /** of its marker */
  readonly lastOffset: number
  /** up to which everything was decided once it had ended */
  readonly stableOffset: number
}

/** Which transactions a partition has under way, and which were aborted. All of it follows from the batches of the log. */
export class PartitionTransactions {
  /** First offset by producer. Offsets rise, so the order of insertion is that of the offsets. */
  readonly #open = new Map<bigint, number>()
  #aborted: Aborted[] = []

  /** Offset of the first record whose transaction is still under way. */
  get firstOpen(): number | undefined {
    const first = this.#open.values().next()
    return first.done ? undefined : first.value
  }

  has(producerId: bigint): boolean {
    return this.#open.has(producerId)
  }

  wrote(producerId: bigint, baseOffset: number): void {
    if (!this.#open.has(producerId)) this.#open.set(producerId, baseOffset)
  }

  /** The marker at `lastOffset` ends the producer's transaction; without records here there is nothing to decide. */
  ended(producerId: bigint, lastOffset: number, committed: boolean): void {
    const firstOffset = this.#open.get(producerId)
    if (firstOffset === undefined) return
    this.#open.delete(producerId)
    if (committed) return
    this.#aborted.push({ producerId, firstOffset, lastOffset, stableOffset: this.firstOpen ?? lastOffset + 1 })
  }

  /** The aborted transactions that a reader of the offsets from `from` up to (not with) `to` must know of. */
  abortedIn(from: number, to: number): Aborted[] {
    const found: Aborted[] = []
    for (let index = this.#reaching(from); index < this.#aborted.length; index++) {
      const one = this.#aborted[index]
      if (one === undefined) break
      if (one.firstOffset < to) found.push(one)
      if (one.stableOffset >= to) break // whatever ended later began at or after it
    }
    return found
  }

  /** Forgets what ended before the log's new start. */
  forgetBefore(startOffset: number): void {
    const gone = this.#reaching(startOffset)
    if (gone > 0) this.#aborted = this.#aborted.slice(gone)
  }

  #reaching(offset: number): number {
    return bisect(this.#aborted, ({ lastOffset }) => lastOffset >= offset)
  }
}
