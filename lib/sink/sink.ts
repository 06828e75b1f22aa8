import type { RawRecord } from '../event/index.js'
import type { Acknowledgement } from './contract.js'

/** The stages of a record's way at which it can fail. */
export type Stage = 'decode' | 'validate' | 'process' | 'sink'

/** The rule of what was given up on in an earlier delivery, whose reason is known no more. */
export const givenUpBefore = 'given up'

/** A record that was given up on, with all that is known of why. */
export interface Failure {
  readonly record: RawRecord
  /** The runs of the handler that were spent on it; 0 for poison that never reached it. */
  readonly attempts: number
  /** Epoch ms of its first failure. */
  readonly firstSeen: number
  /** Epoch ms. */
  readonly lastSeen: number
  readonly stage: Stage
  /** The rule that decided, for example `exhausted`. */
  readonly rule: string
  /** Of a record that is exhausted, the rule of its last failure, for example `timeout`. */
  readonly cause?: string
  readonly reason: string
  readonly error?: Error
}

/** A record that failed before, and that Lambda went on without. Its bytes are in Kafka, as long as it keeps them. */
export interface Abandoned {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Epoch ms. */
  readonly timestamp: number
  readonly attempts: number
  /** Epoch ms of its first failure. */
  readonly firstSeen: number
}

/** Where records given up on go. */
export interface FallbackSink {
  /**
   * One acknowledgement per failure, in their order. Writing the same failure again leaves the target as it was (K-11), and so
   * does {@link givenUpBefore} where the target says already why. Never throws.
   */
  write(failures: readonly Failure[], signal: AbortSignal): Promise<readonly Acknowledgement[]>
  /** Reports records as abandoned, one acknowledgement each. What the sink has of such a record already stays as it is. Never throws. */
  abandon(records: readonly Abandoned[], signal: AbortSignal): Promise<readonly Acknowledgement[]>
}
