import { MillraceError, show } from '../errors.js'

/** Where a key is looked for: among those of the same source partition, or of the topic's in the whole group. */
export type Scope = 'partition' | 'group'

/**
 * The business key of a record, and how long it is remembered.
 *
 * Within that time the same key has its effect once, however often and at whatever offsets it was produced: a later record
 * counts as ok without being run once the first is settled, and is delivered again while that one runs or has failed. A first
 * that was never run, or was when its process died, leaves its turn to a duplicate that comes before it does.
 *
 * @example
 * ```ts
 * import type { IdempotencyOption } from 'millrace'
 *
 * type Order = { value: { orderId: string } }
 * const perOrder: IdempotencyOption<Order> = (record) => record.value.orderId
 * const forADay: IdempotencyOption<Order> = { key: (record) => record.value.orderId, ttlSeconds: 86_400 }
 * console.log(perOrder({ value: { orderId: 'o-1' } }), forADay.ttlSeconds) // o-1 86400
 * ```
 */
export type IdempotencyOption<R> =
  | KeyOf<R>
  | {
      readonly key: KeyOf<R>
      /**
       * `group` (default): the same key anywhere in the topic is a duplicate, for this consumer group; one write unit per key.
       * `partition`: only in the same source partition, which is where a producer's repeats go that keep Kafka's key; 70 keys
       * per write unit. The same event produced to two topics is two events in either: two functions never share a key.
       */
      readonly scope?: Scope
      /** Seconds for which a key is remembered, from the delivery of its first record on, 1 to 31,536,000. Default 3,600. */
      readonly ttlSeconds?: number
      /** A record without key is run as if there were no keys. Default false: it goes to the fallback (`ML_IDEMPOTENCY_KEY_MISSING`). */
      readonly optional?: boolean
      /**
       * Called for a duplicate in the handler's place, with what its first record's handler gave through `ctx.result` (undefined
       * where it gave nothing): to answer as the first did. A throw is a failed attempt. One more write unit per key; only in
       * scope `group`. Default: duplicates are settled without a call.
       */
      readonly onDuplicate?: (record: R, first: unknown) => void | Promise<void>
    }

type KeyOf<R> = (record: R) => string | undefined

/** The option with its defaults. */
export interface Idempotency<R> {
  readonly scope: Scope
  readonly ttlSeconds: number
  readonly onDuplicate: ((record: R, first: unknown) => void | Promise<void>) | undefined
  /**
   * The key of a record; undefined where it has none, and that is allowed.
   *
   * @throws MillraceError `ML_IDEMPOTENCY_KEY_MISSING`, `ML_IDEMPOTENCY_KEY_INVALID`; whatever the user's function throws
   */
  keyOf(record: R): string | undefined
}

const known = ['key', 'scope', 'ttlSeconds', 'optional', 'onDuplicate']

/** @throws MillraceError `ML_OPTION_INVALID` */
export function readIdempotency<R>(option: IdempotencyOption<R>): Idempotency<R> {
  if (typeof option !== 'function' && (typeof option !== 'object' || option === null)) {
    throw invalid('', `is ${show(option)}, not a function that gives a record's key, nor an object with one in key`)
  }
  const {
    key,
    scope = 'group',
    ttlSeconds = 3_600,
    optional: isOptional,
    onDuplicate,
  } = typeof option === 'function' ? { key: option } : option
  const unknown = Object.keys(option).filter((name) => !known.includes(name))
  if (unknown.length > 0) throw invalid(`.${unknown[0]}`, `is no option; there are ${known.join(', ')}`)
  if (typeof key !== 'function') throw invalid('.key', `is ${show(key)}, not a function that gives a record's key`)
  if (scope !== 'group' && scope !== 'partition')
    throw invalid('.scope', `is ${show(scope)}, not 'group' or 'partition'`)
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > 31_536_000) {
    throw invalid('.ttlSeconds', `is ${show(ttlSeconds)}, not a whole number from 1 to 31536000`)
  }
  const optional = flag('optional', isOptional)
  if (onDuplicate !== undefined && typeof onDuplicate !== 'function') {
    throw invalid('.onDuplicate', `is ${show(onDuplicate)}, not a function`)
  }
  if (onDuplicate !== undefined && scope === 'partition') {
    throw invalid('.onDuplicate', "is given, but first results are kept only in scope 'group'; leave scope out")
  }
  return { scope, ttlSeconds, onDuplicate, keyOf: (record) => checked(key(record), optional) }
}

function checked(key: unknown, optional: boolean): string | undefined {
  if (typeof key === 'string' && key !== '') return key
  // What plain JavaScript gives for a field that is not there.
  if (key === undefined || key === null || key === '') {
    if (optional) return undefined
    throw new MillraceError(
      'ML_IDEMPOTENCY_KEY_MISSING',
      `the record's idempotency key is ${show(key)}; have idempotencyKey give a text that is not empty, or declare the key optional ` +
        '(idempotencyKey: { key, optional: true })',
    )
  }
  throw new MillraceError(
    'ML_IDEMPOTENCY_KEY_INVALID',
    `the record's idempotency key is ${key instanceof Promise ? 'a promise' : show(key)}, not a text; make one of it in idempotencyKey, at once`,
    { discreet: `the record's idempotency key is no text (${typeof key}); make one of it in idempotencyKey, at once` },
  )
}

function flag(name: string, value: unknown = false): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(`.${name}`, `is ${show(value)}, not true or false`)
}

const invalid = (name: string, what: string) =>
  new MillraceError('ML_OPTION_INVALID', `the option idempotencyKey${name} ${what}`)
