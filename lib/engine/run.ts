import { MillraceError } from '../errors.js'
import type { AtomicWrite } from '../ledger/index.js'
import type { Run } from './engine.js'

/** A transaction takes 100 items, of which the ledger's own is one. */
export const maxWrites = 99

/** One run of a record, with the writes that its handler declares. */
export class RecordAttempt implements Run {
  readonly attempt: number
  readonly lastAttempt: boolean
  signal: AbortSignal
  #writes: AtomicWrite[] | undefined
  #ended = false

  constructor(attempt: number, attempts: number, signal: AbortSignal) {
    this.attempt = attempt
    this.lastAttempt = attempt >= attempts
    this.signal = signal
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
