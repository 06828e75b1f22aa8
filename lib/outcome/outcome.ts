import type { Output } from './output.js'

// Registered, so that two copies of the package in one bundle still know each other's outcomes.
const mark: unique symbol = Symbol.for('millrace.outcome') as never

/** What a handler may answer of one record. Made by {@link ok}, {@link retry}, {@link fallback}, {@link drop} and {@link hold} alone. */
export type Outcome =
  | { readonly status: 'ok'; readonly outputs?: readonly Output[]; readonly [mark]: true }
  | { readonly status: 'retry' | 'fallback' | 'drop'; readonly reason: string; readonly [mark]: true }
  | Held

/** The name of an outcome: `ok`, `retry`, `fallback`, `drop` or `hold`. Later releases may know more. */
export type OutcomeStatus = Outcome['status']

/** A record that is to wait. */
export interface Held {
  readonly status: 'hold'
  readonly reason: string
  /** Milliseconds from now, or the epoch ms, before which it is not run again. */
  readonly time: { readonly forMs: number } | { readonly untilMs: number }
  /** Undefined: as the function's options say. */
  readonly maxDeliveries: number | undefined
  readonly [mark]: true
}

/** How long a record is held, and why; see {@link hold}. */
export type HoldOptions = {
  /** For the log, and for the envelope of a record that was held too often. */
  readonly reason: string
  /** Deliveries that it may spend on being held, 1 to 1,000,000, if that is less than the option `hold.maxDeliveries` allows. */
  readonly maxDeliveries?: number
} & (
  | {
      /** Milliseconds, zero or more. */
      readonly forMs: number
      readonly until?: never
    }
  | {
      /** A date, or epoch milliseconds. */
      readonly until: Date | number
      readonly forMs?: never
    }
)

const okOutcome: Outcome = Object.freeze({ status: 'ok', [mark]: true } as const)

/**
 * The record is done. The same as returning nothing; with an output, or several, those are written by the function's `onSuccess`
 * sink and acknowledged before the record is settled.
 *
 * @example
 * ```ts
 * import { kafkaFunction, ok } from 'millrace'
 *
 * export const handler = kafkaFunction({}, () => ok())
 * ```
 */
export const ok = (output?: Output | readonly Output[]): Outcome => {
  if (output === undefined) return okOutcome
  const outputs = Array.isArray(output) ? (output as readonly Output[]) : [output as Output]
  return { status: 'ok', outputs, [mark]: true }
}

/**
 * The record failed and shall be run again, until its attempts are spent; then it goes to the fallback. The same as throwing.
 * Records behind it in its lane wait.
 *
 * @example
 * ```ts
 * import { kafkaFunction, retry } from 'millrace'
 *
 * export const handler = kafkaFunction({}, (_record, ctx) => {
 *   if (ctx.attempt === 1) return retry('not ready yet')
 * })
 * ```
 */
export const retry = (reason: string): Outcome => ({ status: 'retry', reason, [mark]: true })

/**
 * The record is given up on: it goes to the failures table at once, exact bytes and provenance, and is settled when that
 * write is acknowledged.
 *
 * @example
 * ```ts
 * import { fallback, kafkaFunction } from 'millrace'
 *
 * export const handler = kafkaFunction({}, (record) => {
 *   if (record.headers.length === 0) return fallback('a record without headers')
 * })
 * ```
 */
export const fallback = (reason: string): Outcome => ({ status: 'fallback', reason, [mark]: true })

/**
 * The record is of no interest: settled without further work. Counted and logged.
 *
 * @example
 * ```ts
 * import { drop, kafkaFunction } from 'millrace'
 *
 * export const handler = kafkaFunction({}, (record) => {
 *   if (record.value === null) return drop('a tombstone')
 * })
 * ```
 */
export const drop = (reason: string): Outcome => ({ status: 'drop', reason, [mark]: true })

/**
 * The record is to wait, and is run again once its time has come. No failure: it spends no attempt. Records behind it in its lane
 * wait with it; other lanes go on. Held more often than `maxDeliveries`, it is exhausted, as after its last attempt.
 *
 * @example
 * ```ts
 * import { hold, kafkaFunction } from 'millrace'
 *
 * export const handler = kafkaFunction({}, (record) => {
 *   const due = record.timestamp + 60_000
 *   if (Date.now() < due) return hold({ until: due, reason: 'not a minute old' })
 * })
 * ```
 */
export const hold = (options: HoldOptions): Outcome => {
  // Without any it is refused with the outcome, as one without a reason.
  const { reason, forMs, until, maxDeliveries } = options ?? ({} as Partial<HoldOptions>)
  const untilMs = until instanceof Date ? until.getTime() : until
  return {
    status: 'hold',
    reason: reason as string,
    // What both or neither say is refused with the outcome, as the breach of contract that it is.
    time: { ...(forMs !== undefined && { forMs }), ...(untilMs !== undefined && { untilMs }) } as Held['time'],
    maxDeliveries,
    [mark]: true,
  }
}

/** Whether a value was made by one of the outcome functions. */
export function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && mark in value
}
