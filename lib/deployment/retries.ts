/** Where a handler carries what the deployment has to know of it. Registered, so that a bundle's copy is found from outside. */
export const needsMark: unique symbol = Symbol.for('millrace.needs') as never

/** What a function asks of its mapping and of its time, as its options have it. */
export interface DeliveryNeeds {
  readonly attempts: number
  readonly intervalMs: number
  readonly factor: number
  readonly capMs: number
  /** Deliveries that a record may spend on being held. */
  readonly maxHolds: number
  /** It says so itself: the option `hold` is set. Otherwise only its handler knows whether it holds. */
  readonly holds: boolean
  /** Some records it keeps until somebody mends what they fail by: `retry.onExhausted` is `retry` or `fail`, or a `poison` is `fail`. */
  readonly keeps: boolean
  /** Milliseconds kept for settling; undefined: the default. */
  readonly reserveMs: number | undefined
  /** Milliseconds that one record may run; undefined: as long as the batch. */
  readonly recordTimeoutMs: number | undefined
  /** Milliseconds that a batch may run; undefined: the invocation's time. */
  readonly batchTimeoutMs: number | undefined
  /** Milliseconds for which a crashed invocation keeps its source partitions. */
  readonly leaseMs: number
}

/** Beyond its attempts: each lease that it waits for, and each run alone after a crash, is a delivery, too (DESIGN §5). */
const spare = 3

/** Milliseconds that an invocation keeps for settling where the function says nothing. */
export const defaultReserveMs = (timeoutMs: number): number => Math.min(2_000, timeoutMs / 4)

/**
 * How many retries a mapping has to grant so that Lambda does not give a record up before its function has: one for each attempt, each delivery
 * that only waits for the next attempt, and each hold; and some to spare. Infinity where it keeps records.
 *
 * @param timeoutMs the function's; a wait that is longer spends a delivery for each
 */
export function retriesNeeded(needs: DeliveryNeeds, timeoutMs: number, { holds }: { readonly holds: boolean }): number {
  const { attempts, intervalMs, factor, capMs, maxHolds, reserveMs = defaultReserveMs(timeoutMs) } = needs
  if (needs.keeps) return Number.POSITIVE_INFINITY
  const usableMs = Math.max(1, timeoutMs - reserveMs)
  let waits = 0
  for (let run = 1; run < attempts; run++)
    waits += Math.floor(Math.min(capMs, intervalMs * factor ** (run - 1)) / usableMs)
  return attempts + spare + waits + (holds ? maxHolds : 0)
}

/** What is wrong with a mapping's retries, and what to do about it. */
export function tooFewRetries(needed: number, granted: number): string {
  const [why, more] = Number.isFinite(needed)
    ? [
        `may need ${needed} deliveries more for a record (its attempts, waits and holds, and 3 to spare)`,
        `, or to ${needed} or more`,
      ]
    : [
        "keeps records until what they fail by is mended (retry.onExhausted is 'retry' or 'fail', or a poison 'fail')",
        '',
      ]
  return (
    `grants ${granted} retries, but the function ${why}; ` +
    `then Lambda gives records up before the function has. Set maximumRetryAttempts to -1 without an onFailureDestination${more}`
  )
}
