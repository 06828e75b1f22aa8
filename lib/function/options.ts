import { type Codec, json, text } from '../codec/index.js'
import type { Order } from '../engine/index.js'
import { MillraceError, show } from '../errors.js'

/**
 * How a function reads and runs its records. Everything has a default.
 *
 * @example
 * ```ts
 * import { kafkaFunction, text } from 'millrace'
 *
 * export const handler = kafkaFunction(
 *   { value: text(), order: 'key', concurrency: 50, retry: { attempts: 3 } },
 *   (record, ctx) => ctx.logger.info('received', { length: record.value?.length ?? 0 }),
 * )
 * ```
 */
export interface FunctionOptions<V = unknown, K = string | null> {
  /** Reads values. Default `json()`, not validated. */
  readonly value?: Codec<V>
  /** Reads keys. Default `text()`. */
  readonly key?: Codec<K>
  /** What stays in order: all records of a partition (default), or those of one key. */
  readonly order?: Order
  /** Lanes run side by side within one invocation, 1 to 10,000. Default 10. */
  readonly concurrency?: number
  readonly retry?: {
    /** Runs of a record, the first included, before it goes to the fallback, 1 to 10,000. Default 5. */
    readonly attempts?: number
  }
  /**
   * Below this remaining time, in milliseconds, no record is started: what is done is settled, the rest is reported.
   * Default 2,000, or a quarter of the invocation's time where that is less.
   */
  readonly reserveMs?: number
  /** How long a crashed invocation keeps its source partitions, 1,000 to 900,000 milliseconds. Default 10,000. */
  readonly leaseMs?: number
}

/** The options with their defaults. */
export interface Settings<V, K> {
  readonly value: Codec<V>
  readonly key: Codec<K>
  readonly order: Order
  readonly concurrency: number
  readonly attempts: number
  readonly reserveMs: number | undefined
  readonly leaseMs: number
}

const known = new Set<string>(['value', 'key', 'order', 'concurrency', 'retry', 'reserveMs', 'leaseMs'])

/** @throws MillraceError `ML_OPTION_INVALID` */
export function readOptions<V, K>(options: FunctionOptions<V, K>): Settings<V, K> {
  const unknown = Object.keys(options).filter((name) => !known.has(name))
  if (unknown.length > 0) throw invalid(unknown.join(', '), `is no option; there are ${[...known].join(', ')}`)
  const { order = 'partition', concurrency = 10, retry = {}, reserveMs, leaseMs = 10_000 } = options
  if (order !== 'partition' && order !== 'key') throw invalid('order', `is ${show(order)}, not 'partition' or 'key'`)
  return {
    // Where a codec is left out, V and K are those of the default.
    value: codec('value', options.value ?? (json() as Codec<V>)),
    key: codec('key', options.key ?? (text() as Codec<K>)),
    order,
    concurrency: count('concurrency', concurrency, 1, 10_000),
    attempts: count('retry.attempts', retry.attempts ?? 5, 1, 10_000),
    reserveMs: reserveMs === undefined ? undefined : count('reserveMs', reserveMs, 0, 840_000),
    leaseMs: count('leaseMs', leaseMs, 1_000, 900_000),
  }
}

function codec<T>(name: string, value: Codec<T>): Codec<T> {
  if (typeof value?.decode === 'function') return value
  throw invalid(name, `is ${show(value)}, not a codec; use json(schema), text(), bytes() or an object with decode()`)
}

function count(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw invalid(name, `is ${show(value)}, not a whole number from ${least} to ${most}`)
}

const invalid = (name: string, what: string) => new MillraceError('ML_OPTION_INVALID', `the option ${name} ${what}`)
