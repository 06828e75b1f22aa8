import type { RawRecord } from '../event/index.js'
import type { Classified } from '../outcome/index.js'
import type { Stage } from '../sink/index.js'

/** When a failed record is run again, and what becomes of it in the end. */
export interface RetryPolicy {
  /** Runs of a record, the first included, before it is exhausted. */
  readonly attempts: number
  /** Milliseconds before the second run; `factor` times as many before each further one, `capMs` at most. */
  readonly intervalMs: number
  readonly factor: number
  readonly capMs: number
  /** `full`: anything from nothing to the whole wait. */
  readonly jitter: 'full' | 'none'
  /** Milliseconds since its first failure after which a record that fails is exhausted; Infinity: never. */
  readonly maxAgeMs: number
  readonly onExhausted: 'fallback' | 'retry' | 'drop' | 'fail'
}

/** What becomes of a record that no other run would do any good. `fail`: it stays, and each invocation of it throws. */
export type PoisonAction = 'fallback' | 'drop' | 'fail'

/** What the engine does about all that is not ok. */
export interface Policy {
  readonly retry: RetryPolicy
  readonly hold: {
    /** Deliveries that a record may spend on being held before it is exhausted. */
    readonly maxDeliveries: number
  }
  readonly poison: Readonly<Record<Stage, PoisonAction>>
  /** What a thrown error makes of its record. Never throws. */
  classify(error: Error, record: RawRecord): Classified
}
