// Registered, so that two copies of the package in one bundle still know each other's outcomes.
const mark: unique symbol = Symbol.for('millrace.outcome') as never

/** What a handler may answer of one record. Made by {@link ok}, {@link retry}, {@link fallback} and {@link drop} alone. */
export type Outcome =
  | { readonly status: 'ok'; readonly [mark]: true }
  | { readonly status: 'retry' | 'fallback' | 'drop'; readonly reason: string; readonly [mark]: true }

/** The name of an outcome: `ok`, `retry`, `fallback` or `drop`. */
export type OutcomeStatus = Outcome['status']

const okOutcome: Outcome = Object.freeze({ status: 'ok', [mark]: true } as const)

/**
 * The record is done. The same as returning nothing.
 *
 * @example
 * ```ts
 * import { kafkaFunction, ok } from 'millrace'
 *
 * export const handler = kafkaFunction({}, () => ok())
 * ```
 */
export const ok = (): Outcome => okOutcome

/**
 * The record failed and shall be delivered again, until its attempts are spent; then it goes to the fallback. The same as
 * throwing. Records behind it in its lane wait.
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

/** Whether a value was made by one of the outcome functions. */
export function isOutcome(value: unknown): value is Outcome {
  return typeof value === 'object' && value !== null && mark in value
}
