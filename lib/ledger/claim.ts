import { hull } from './intervals.js'
import type { LedgerState, Range } from './state.js'

/** Who wants a source partition, for which offsets, and until when. Times are epoch ms. */
export interface ClaimRequest {
  readonly owner: string
  readonly now: number
  readonly leaseEnd: number
  /** First to last offset of the batch. */
  readonly range: Range
  /** Newest timestamp of the batch that is not in the future. */
  readonly newest: number
}

/** The claimed state, or until when somebody else's lease lasts. */
export type ClaimDecision =
  | { readonly kind: 'claimed'; readonly state: LedgerState }
  | { readonly kind: 'busy'; readonly leaseEnd: number }

/**
 * Takes the source partition when nobody's lease is running.
 *
 * A claim that was never given back is evidence of a crash: its range joins the crashed range (rule 7).
 */
export function claim(state: LedgerState, { owner, now, leaseEnd, range, newest }: ClaimRequest): ClaimDecision {
  const former = state.claim
  if (former !== null && former.owner !== owner && former.leaseEnd > now) {
    return { kind: 'busy', leaseEnd: former.leaseEnd }
  }
  const died = former !== null && former.owner !== owner ? former.inFlight : null
  return {
    kind: 'claimed',
    state: {
      ...state,
      crashed: hull(state.crashed, died),
      delivered: Math.max(state.delivered, range.to),
      newest: Math.max(state.newest, newest),
      claim: { owner, leaseEnd, inFlight: range },
    },
  }
}
