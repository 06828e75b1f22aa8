import { frontierOf, type KnownPartition, type LedgerState, type Place } from '../ledger/index.js'

/** How far a group is in one partition of a topic. Times are epoch milliseconds. */
export interface PartitionHealth extends Place {
  readonly partition: number
  /** Below this offset nothing is known to wait: what was delivered there is settled. */
  readonly settledBelow: number
  /** The highest offset that was ever delivered; -1 for none. */
  readonly delivered: number
  /** The timestamp of the newest record that was delivered; null before the first. */
  readonly newestAt: number | null
  /** Records that were tried or held, and are not settled. */
  readonly open: number
  /** When the oldest of them was first seen; null without any. */
  readonly oldestOpenAt: number | null
  /** Records that an invocation has just now, or had when it died. */
  readonly inFlight: number
  /** Something waits, and nobody has touched it since, as far as can be known; null: nothing waits, or it is not due, or it moves. */
  readonly quietSince: number | null
  /** It has been quiet for longer than the service allows. */
  readonly stalled: boolean
}

/** A version of a ledger, and since when it is known to be the last. */
export interface Look {
  readonly version: number
  readonly since: number
}

/** @param now epoch ms */
export function partitionHealth(
  place: Place,
  { partition, item }: KnownPartition,
  { look, now, stallMs }: { readonly look: Look | undefined; readonly now: number; readonly stallMs: number },
): PartitionHealth {
  const { state } = item
  const { open, claim, delivered, newest } = state
  const quiet = quietSince(state, look?.since, now)
  return {
    group: place.group,
    topic: place.topic,
    ...{ partition, delivered, settledBelow: frontierOf(state), open: open.length },
    newestAt: newest > 0 ? newest : null,
    oldestOpenAt: open.length > 0 ? Math.min(...open.map(({ firstSeen }) => firstSeen)) : null,
    inFlight: claim === null ? 0 : claim.inFlight.to - claim.inFlight.from + 1,
    quietSince: quiet ?? null,
    stalled: quiet !== undefined && now - quiet >= stallMs,
  }
}

/**
 * Since when something has been due that nobody came for. The ledger knows no time of its last write, but every write ends or makes
 * a claim, and every run of a record says when its next is due. A lag that it was never told of, it does not see.
 *
 * @param seenSince the ledger has not changed since this time
 */
function quietSince(state: LedgerState, seenSince: number | undefined, now: number): number | undefined {
  const { open, pending, crashed, claim } = state
  // A claim that nobody gave back or took over: nothing was written since its lease ended.
  if (claim !== null) return claim.leaseEnd <= now ? claim.leaseEnd : undefined
  if (open.length === 0 && pending.length === 0 && crashed === null) return undefined
  const due = open.map(({ notBefore }) => notBefore)
  const last = Math.max(...due, 0)
  // What is held until later keeps what is behind it waiting, and rightly so.
  if (last > now) return undefined
  // 0: at once, and so it does not tell when that was.
  const known = due.length > 0 && due.every((time) => time > 0) ? [last] : []
  const since = [...known, ...(seenSince === undefined ? [] : [Math.max(seenSince, last)])]
  return since.length > 0 ? Math.min(...since) : undefined
}
