import { count, invalid, oneOf, optionsOf, shaped } from '../check-option.js'
import { type Codec, json, type TextReader, text, textReaderOf } from '../codec/index.js'
import { type Idempotency, type IdempotencyOption, readIdempotency } from '../dedupe/index.js'
import type { Atomicity, Order, Policy } from '../engine/index.js'
import { kindOf, MillraceError, show } from '../errors.js'
import type { Delivery } from '../ledger/index.js'
import type { Sink } from '../sink/index.js'
import type { ClassifyOption } from './classify.js'
import { type PolicyOptions, readPolicies } from './policies.js'
import type { KafkaRecord } from './record.js'

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
export interface FunctionOptions<V = unknown, K = string | null> extends PolicyOptions {
  /** Reads values. Default `json()`, not validated. */
  readonly value?: Codec<V>
  /** Reads keys. Default `text()`. */
  readonly key?: Codec<K>
  /**
   * What stays in order: all records of a partition (default), those of one key, or nothing (`none`). By key, or in no order,
   * a function has more parallelism than the topic has partitions: up to `concurrency` in each invocation.
   */
  readonly order?: Order
  /** Lanes run side by side within one invocation, 1 to 10,000. Default 10. */
  readonly concurrency?: number
  /**
   * What an error that the handler threw makes of its record: a status, or one with the name of the rule that decided;
   * undefined leaves it to the default table, {@link classify}.
   */
  readonly classify?: ClassifyOption
  /** Gets what handlers answer by `ok(output)`, acknowledged before the record is settled. Without it they may answer no outputs. */
  readonly onSuccess?: Sink
  /** Gets the records given up on, as envelopes. Default: the failures table. */
  readonly fallback?: Sink
  /**
   * The business key of a record: the same key produced again, at whatever offset, has its effect once within a time to live.
   * A function that gives the key, or an object with more; see {@link IdempotencyOption}.
   */
  readonly idempotencyKey?: IdempotencyOption<KafkaRecord<V, K>>
  /**
   * `at-least-once` (default): settled after it is handled. `at-most-once`: settled first and handled afterwards, each record
   * in one attempt; a crash loses what it interrupts, and nothing runs twice.
   */
  readonly delivery?: Delivery
  /**
   * How much fails with one record: itself (`record`, default); its source partition (`partition`); the whole event (`batch`).
   * Except of `record`, it is one transaction with all that its handlers have declared by `atomically`: each item is written once
   * at most, also by different records; of a partition 99 writes, of an event 100 writes and source partitions together; about
   * 3 MB in all. More is `ML_TRANSACTION_LIMIT`: lower the batch size.
   */
  readonly atomicity?: Atomicity
  /**
   * Milliseconds that one record may run, 1 to 840,000; then its signal aborts and it has failed. Default: as long as
   * the batch. Of batch handlers, `batchTimeoutMs` is the limit.
   */
  readonly recordTimeoutMs?: number
  /** Milliseconds that a batch may run, 1 to 840,000; then no record is started and signals abort. Default: the invocation's time. */
  readonly batchTimeoutMs?: number
  /**
   * What a write request does that has no answer when the handler returns: it fails the record (`fail`, default), or nobody
   * looks (`ignore`): for handlers that send telemetry without awaiting it. Seen are requests by HTTP, HTTPS and `fetch` that
   * have been sent, and rejections that nobody handles; not a call that has yet to send, such as one of an SDK that still
   * fetches its credentials. So await what you start.
   */
  readonly unawaitedWrites?: 'fail' | 'ignore'
  /** Records after which a checkpoint is written, 1 to 10,000; beside it one is written each third of a lease. Default: none. */
  readonly checkpointRecords?: number
  /**
   * Below this remaining time, in milliseconds, no record is started: what is done is settled, the rest is reported.
   * Default 2,000, or a quarter of the invocation's time where that is less.
   */
  readonly reserveMs?: number
  /** How long a crashed invocation keeps its source partitions, 1,000 to 900,000 milliseconds. Default 10,000. */
  readonly leaseMs?: number
}

/** How key or value is read. */
export interface Field<T> {
  readonly codec: Codec<T>
  /** Where its bytes are ASCII, if the codec has one. */
  readonly readText: TextReader<T> | undefined
}

/** The options with their defaults. */
export interface Settings<V, K> {
  readonly value: Field<V>
  readonly key: Field<K>
  readonly order: Order
  readonly concurrency: number
  readonly policies: Omit<Policy, 'classify'>
  /** The option `hold` is set. */
  readonly holds: boolean
  readonly classify: ClassifyOption | undefined
  readonly onSuccess: Sink | undefined
  readonly fallback: Sink | undefined
  readonly idempotency: Idempotency<KafkaRecord<V, K>> | undefined
  readonly delivery: Delivery
  readonly atomicity: Atomicity
  readonly recordTimeoutMs: number
  readonly batchTimeoutMs: number
  readonly checkpointRecords: number
  readonly unawaitedWrites: 'fail' | 'ignore'
  readonly reserveMs: number | undefined
  readonly leaseMs: number
}

const known: readonly (keyof FunctionOptions)[] = [
  'value',
  'key',
  'order',
  'concurrency',
  'retry',
  'hold',
  'poison',
  'classify',
  'onSuccess',
  'fallback',
  'idempotencyKey',
  'delivery',
  'atomicity',
  'recordTimeoutMs',
  'batchTimeoutMs',
  'checkpointRecords',
  'unawaitedWrites',
  'reserveMs',
  'leaseMs',
]

/**
 * Plain JavaScript may leave the options or the handler out.
 *
 * @throws MillraceError `ML_OPTION_INVALID`, which says what to write
 */
export function checkDefinition<V, K>(of: string, options: FunctionOptions<V, K>, handler: unknown, example: string) {
  const written = `${of}({}, ${example})`
  optionsOf(of, options, known, written)
  if (typeof handler === 'function') return
  throw new MillraceError('ML_OPTION_INVALID', `the handler of ${of} is ${kindOf(handler)}; write ${written}`)
}

/** @throws MillraceError `ML_OPTION_INVALID` */
export function readOptions<V, K>(options: FunctionOptions<V, K>): Settings<V, K> {
  const { order = 'partition', concurrency = 10, reserveMs, leaseMs = 10_000 } = options
  const { recordTimeoutMs, batchTimeoutMs, checkpointRecords, idempotencyKey, classify } = options
  const delivery = oneOf('delivery', options.delivery ?? 'at-least-once', ['at-least-once', 'at-most-once'])
  const atomicity = oneOf('atomicity', options.atomicity ?? 'record', ['record', 'partition', 'batch'])
  if (delivery === 'at-most-once' && atomicity !== 'record') {
    throw invalid('atomicity', `is ${show(atomicity)}, but at most once each record is settled before it is handled`)
  }
  return {
    // Where a codec is left out, V and K are those of the default.
    value: field('value', options.value ?? (json() as Codec<V>)),
    key: field('key', options.key ?? (text() as Codec<K>)),
    order: oneOf('order', order, ['partition', 'key', 'none']),
    concurrency: count('concurrency', concurrency, 1, 10_000),
    policies: readPolicies(options, delivery),
    holds: options.hold !== undefined,
    classify: classify === undefined ? undefined : callback('classify', classify),
    onSuccess: sink('onSuccess', options.onSuccess),
    fallback: sink('fallback', options.fallback),
    idempotency: idempotencyKey === undefined ? undefined : readIdempotency(idempotencyKey),
    delivery,
    atomicity,
    recordTimeoutMs: optional('recordTimeoutMs', recordTimeoutMs, 840_000),
    batchTimeoutMs: optional('batchTimeoutMs', batchTimeoutMs, 840_000),
    checkpointRecords: optional('checkpointRecords', checkpointRecords, 10_000),
    unawaitedWrites: oneOf('unawaitedWrites', options.unawaitedWrites ?? 'fail', ['fail', 'ignore']),
    reserveMs: reserveMs === undefined ? undefined : count('reserveMs', reserveMs, 0, 840_000),
    leaseMs: count('leaseMs', leaseMs, 1_000, 900_000),
  }
}

const optional = (name: string, value: number | undefined, most: number): number =>
  value === undefined ? Number.POSITIVE_INFINITY : count(name, value, 1, most)

function field<T>(name: string, value: Codec<T>): Field<T> {
  if (typeof value?.decode === 'function') return { codec: value, readText: textReaderOf(value) }
  throw invalid(name, `is ${show(value)}, not a codec; use json(schema), text(), bytes() or an object with decode()`)
}

function callback<T>(name: string, value: T): T {
  if (typeof value === 'function') return value
  throw invalid(name, `is ${show(value)}, not a function`)
}

const sink = (name: string, value: Sink | undefined): Sink | undefined =>
  value && shaped(name, value, { name: 'string', write: 'function' }, 'a sink, an object with a name and write()')
