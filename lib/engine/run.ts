import { MillraceError } from '../errors.js'
import type { RawRecord } from '../event/index.js'
import type { AtomicWrite, OpenRecord } from '../ledger/index.js'
import type { Engine, Run } from './engine.js'
import type { Hold } from './hold.js'
import type { Policy } from './policy.js'
import { firstFailure, type RunEnd } from './verdict.js'

/** A transaction takes 100 items, of which the ledger's own is one. */
export const maxWrites = 99

/** One run of a record, with the writes that its handler declares. */
export class RecordAttempt implements Run, RunEnd {
  readonly hold: Hold
  readonly record: RawRecord
  readonly entry: OpenRecord | undefined
  readonly attempt: number
  readonly policy: Policy
  readonly now: () => number
  readonly random: () => number
  signal: AbortSignal
  /** Whether its handler has ended: one that timed out may not have. */
  isOver: () => boolean = () => true
  #writes: AtomicWrite[] | undefined
  #ended = false

  constructor(hold: Hold, record: RawRecord, { policy, clock }: Engine, signal: AbortSignal) {
    this.hold = hold
    this.record = record
    this.entry = hold.entries.get(record)
    this.attempt = (this.entry?.attempts ?? 0) + 1
    this.policy = policy
    this.now = clock.now
    this.random = clock.random
    this.signal = signal
  }

  get held(): number {
    return this.entry?.holds ?? 0
  }

  get lastAttempt(): boolean {
    const { attempts, maxAgeMs, onExhausted } = this.policy.retry
    if (onExhausted === 'retry') return false
    const now = this.now()
    return this.attempt >= attempts || now - firstFailure(this.entry, now) >= maxAgeMs
  }

  atomically(writes: readonly AtomicWrite[]): void {
    if (this.#ended) {
      throw new MillraceError(
        'ML_HANDLER_PENDING',
        'ctx.atomically was called after the handler had returned, so its writes would be lost; await what calls it',
      )
    }
    this.#writes ??= []
    this.#writes.push(...writes)
    if (this.#writes.length <= maxWrites) return
    throw new MillraceError(
      'ML_TRANSACTION_LIMIT',
      `one record declared ${this.#writes.length} writes through ctx.atomically; a transaction takes ${maxWrites} beside the ledger's own`,
    )
  }

  /** Ends the run. What it declared, if anything. */
  end(): readonly AtomicWrite[] | undefined {
    this.#ended = true
    return this.#writes
  }
}
