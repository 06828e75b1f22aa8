import type { Atomicity, Order, RetryPolicy } from '../../engine/index.js'
import type { Delivery } from '../../ledger/claim.js'
import type { Choices } from './choices.js'

/** What one run is set in. */
export interface World {
  /** The cases that are known to be open may come up. */
  readonly open: boolean
  readonly partitions: number
  readonly order: Order
  readonly concurrency: number
  readonly attempts: number
  readonly intervalMs: number
  readonly maxAgeMs: number
  readonly onExhausted: RetryPolicy['onExhausted']
  readonly maxHolds: number
  /** What becomes of what cannot be decoded, or is hopeless. */
  readonly poison: 'fallback' | 'drop'
  readonly atomicity: Atomicity
  readonly recordTimeoutMs: number
  readonly checkpointRecords: number
  readonly partialResponses: boolean
  readonly withholds: boolean
  readonly delivery: Delivery
  readonly leaseMs: number
  readonly timeoutMs: number
  /** Handlers make their effects through `atomically`. */
  readonly atomic: boolean
  /** The handler takes all records at once. */
  readonly batchHandler: boolean
  readonly batchSize: number
  readonly redelivery: 'from lowest' | 'only reported'
  readonly bisect: boolean
  /** -1: without end. */
  readonly maximumRetries: number
  /** Where attempts run out, some of what was reported is given up, and the rest goes on; else the whole of it is. */
  readonly givesUpSingly: boolean
  /** Other invocations of the same source partition may run at once. */
  readonly overlaps: boolean
  readonly resets: boolean
  readonly retention: boolean
  readonly recreates: boolean
  readonly timestamps: 'rising' | 'odd'
  readonly killers: boolean
  /** Much longer logs, with holes everywhere: more intervals than the ledger keeps, and the group reset to what it forgot. */
  readonly long: boolean
  /** What goes well gives something to be written. */
  readonly outputs: boolean
  readonly faults: number
  readonly faultOneIn: number
}

/** Below this much time left no record is started. */
export const reserveMs = 2_000

/**
 * At most once nothing comes again; what is always too slow would be retried for ever; and the simulation does not see when
 * refused effects are dropped.
 */
function drawExhausted(choices: Choices, endless: boolean, atomic: boolean): World['onExhausted'] {
  const drawn: World['onExhausted'] = choices.pick('world', [
    'fallback',
    'fallback',
    'fallback',
    'drop',
    'retry',
    'fail',
  ])
  const canBe = drawn === 'drop' ? !atomic : drawn === 'fallback' || endless
  return canBe ? drawn : 'fallback'
}

/** Draws a world; the first of each list is the plainest. */
export function drawWorld(choices: Choices, open: boolean): World {
  const pick = <T>(...list: [T, ...T[]]): T => choices.pick('world', list)
  const rarely = (n: number) => choices.oneIn('world', n)
  const delivery = rarely(8) ? 'at-most-once' : 'at-least-once'
  const overlaps = rarely(3)
  const recreates = rarely(4) && delivery === 'at-least-once'
  const long = rarely(60)
  const isOdd = rarely(6) && (open || !recreates)
  const attempts = pick(3, 1, 2, 5)
  const leaseMs = pick(1_000, 10_000)
  const atomic = rarely(2)
  const batchHandler = rarely(8)
  const recordTimeoutMs = pick(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 400)
  const onExhausted = drawExhausted(choices, delivery === 'at-least-once' && recordTimeoutMs > 400, atomic)
  return {
    open,
    partitions: pick(1, 1, 2, 3),
    order: pick('partition', 'key', 'key', 'none'),
    concurrency: pick(1, 2, 4),
    attempts,
    intervalMs: pick(0, 50, 400, 3_000),
    // A batch's records are judged together, later than the handler ends with each.
    maxAgeMs: batchHandler ? Number.POSITIVE_INFINITY : pick(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 500),
    onExhausted,
    maxHolds: pick(100, 1, 3),
    poison: pick('fallback', 'fallback', 'drop'),
    atomicity: delivery === 'at-most-once' ? 'record' : pick('record', 'record', 'record', 'partition', 'batch'),
    recordTimeoutMs,
    checkpointRecords: pick(Number.POSITIVE_INFINITY, 3, 1),
    partialResponses: !rarely(4),
    withholds: long || rarely(5),
    delivery,
    leaseMs,
    timeoutMs: pick(6, 3) * leaseMs + 2 * reserveMs,
    atomic,
    batchHandler,
    batchSize: long ? 25 : pick(4, 8, 20, 2),
    redelivery: pick('from lowest', 'only reported'),
    bisect: rarely(4),
    maximumRetries: rarely(4) ? pick(attempts + 3, 0, 2) : -1,
    givesUpSingly: rarely(2),
    overlaps,
    resets: long || rarely(isOdd ? 2 : 4),
    retention: rarely(8),
    recreates,
    timestamps: isOdd ? 'odd' : 'rising',
    // Open by design: overlapping pollers, whose markers a killer may survive some times more.
    killers: rarely(3) && (open || !overlaps),
    long,
    // Nor does it see when a record is dropped whose output was not taken.
    outputs: rarely(3) && onExhausted !== 'drop',
    faults: pick(3, 0, 1, 6, 10),
    faultOneIn: pick(40, 15, 8),
  }
}
