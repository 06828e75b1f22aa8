import { count, invalid, number, object, oneOf } from '../check-option.js'
import type { PoisonAction, Policy, RetryPolicy } from '../engine/index.js'
import type { Delivery } from '../ledger/index.js'

/** When a record that failed is run again, and what becomes of it in the end. */
export interface RetryOptions {
  /** Runs of a record, the first included, before it is exhausted, 1 to 10,000. Default 5. */
  readonly attempts?: number
  /** Milliseconds from the first failure to the second run, 0 to 3,600,000. Default 200. */
  readonly intervalMs?: number
  /** Each further wait is so many times as long, 1 to 100. Default 2. */
  readonly factor?: number
  /** No wait is longer, in milliseconds, 0 to 86,400,000. Default 30,000. */
  readonly capMs?: number
  /** `full` (default): each wait is anything from nothing to what it would be; `none`: exactly that. */
  readonly jitter?: 'full' | 'none'
  /** Milliseconds since it failed (or killed the process) first, after which a record that fails is exhausted, 1 to 31,536,000,000. Default: none. */
  readonly maxAgeMs?: number
  /**
   * What becomes of a record whose attempts or age are spent: it goes to the fallback (default); it is retried without end
   * (`retry`), and holds up its lane; it is settled and logged (`drop`); or it stays as it is and each invocation of it throws
   * `ML_RECORD_FAILED` once all else is settled (`fail`), so that somebody has to look.
   */
  readonly onExhausted?: RetryPolicy['onExhausted']
}

/** What becomes of records that no other run would do any good, by the stage at which that shows. Each `fallback` by default. */
export interface PoisonOptions {
  /** Key or value cannot be read. */
  readonly decode?: PoisonAction
  /** The schema refuses it. */
  readonly validate?: PoisonAction
  /** Its error is classified as `fallback`, or it kills the process. What the handler answers itself is done as it says. */
  readonly process?: PoisonAction
  /** Its output is refused for good by the `onSuccess` sink. */
  readonly sink?: PoisonAction
}

/** What becomes of records that are not ok. */
export interface PolicyOptions {
  /** When a failed record is run again, and what becomes of it in the end; see {@link RetryOptions}. */
  readonly retry?: RetryOptions
  /** For records that {@link hold} keeps waiting. */
  readonly hold?: {
    /** Times that a record may be held before it is exhausted, 1 to 1,000,000. Default 100. */
    readonly maxDeliveries?: number
  }
  /** What becomes of records that no other run would do any good; see {@link PoisonOptions}. */
  readonly poison?: PoisonOptions
}

const year = 31_536_000_000

/** @throws MillraceError `ML_OPTION_INVALID` */
export function readPolicies(options: PolicyOptions, delivery: Delivery): Omit<Policy, 'classify'> {
  const retry = readRetry(options.retry ?? {})
  const hold = object('hold', options.hold ?? {}, ['maxDeliveries'])
  const { decode, validate, process, sink } = object('poison', options.poison ?? {}, [
    'decode',
    'validate',
    'process',
    'sink',
  ])
  const action = (name: string, value: PoisonAction = 'fallback') =>
    oneOf(`poison.${name}`, value, ['fallback', 'drop', 'fail'])
  const poison = {
    decode: action('decode', decode),
    validate: action('validate', validate),
    process: action('process', process),
    sink: action('sink', sink),
  }
  if (delivery === 'at-most-once') {
    const settledBefore = 'but at most once a record is settled before it is handled, and does not come again'
    if (retry.onExhausted === 'retry' || retry.onExhausted === 'fail')
      throw invalid('retry.onExhausted', `is '${retry.onExhausted}', ${settledBefore}`)
    const failing = Object.entries(poison).find(([, value]) => value === 'fail')
    if (failing !== undefined) throw invalid(`poison.${failing[0]}`, `is 'fail', ${settledBefore}`)
  }
  return {
    retry,
    hold: { maxDeliveries: count('hold.maxDeliveries', hold.maxDeliveries ?? 100, 1, 1_000_000) },
    poison,
  }
}

function readRetry(options: RetryOptions): RetryPolicy {
  const names = ['attempts', 'intervalMs', 'factor', 'capMs', 'jitter', 'maxAgeMs', 'onExhausted'] as const
  const { attempts, intervalMs, factor, capMs, jitter, maxAgeMs, onExhausted } = object('retry', options, names)
  return {
    attempts: count('retry.attempts', attempts ?? 5, 1, 10_000),
    intervalMs: count('retry.intervalMs', intervalMs ?? 200, 0, 3_600_000),
    factor: number('retry.factor', factor ?? 2, 1, 100),
    capMs: count('retry.capMs', capMs ?? 30_000, 0, 86_400_000),
    jitter: oneOf('retry.jitter', jitter ?? 'full', ['full', 'none']),
    maxAgeMs: maxAgeMs === undefined ? Number.POSITIVE_INFINITY : count('retry.maxAgeMs', maxAgeMs, 1, year),
    onExhausted: oneOf('retry.onExhausted', onExhausted ?? 'fallback', ['fallback', 'retry', 'drop', 'fail']),
  }
}
