import { above, below, covers, hull, spanOf, union } from './intervals.js'
import { forgetDoubtful, type Recognition, recognise } from './recognise.js'
import {
  type Anchor,
  type Claim,
  emptyState,
  type LedgerState,
  notFuture,
  type OpenRecord,
  type Range,
} from './state.js'

/** Whether a record may take effect again rather than never (the default), or never again rather than twice. */
export type Delivery = 'at-least-once' | 'at-most-once'

/** Deaths on its own marker that convict a record: a killer runs at most four times, the crash and its chunk included. */
export const deathsToConvict = 2

/** Who wants a source partition, for which records, and until when. Times are epoch ms. */
export interface ClaimRequest {
  readonly owner: string
  readonly now: number
  readonly leaseEnd: number
  /** The batch: offsets rising, timestamps as the ledger keeps them; never empty. */
  readonly records: readonly Anchor[]
  readonly delivery: Delivery
  /** The batch was recognised before it waited for another's lease: what was settled meanwhile is no cause for doubt. */
  readonly recognised?: boolean
}

/** What a claim found, beside the state it wrote. */
export interface Found {
  /** `delivered` before this claim; -1 for none. */
  readonly deliveredBefore: number
  /** Whether a record of the batch, by its offset, is not settled. */
  isDue(offset: number): boolean
  /** Open records that the batch reaches beyond without bringing them: Lambda may have given them up. */
  readonly abandoned: readonly OpenRecord[]
  /** The batch is of a recreated topic: the state as it was is to be put aside. */
  readonly recreated: boolean
}

/** The claimed state, or until when somebody else's lease lasts, and whether the batch is one of this source partition's. */
export type ClaimDecision =
  | { readonly kind: 'claimed'; readonly state: LedgerState; readonly found: Found }
  | { readonly kind: 'busy'; readonly leaseEnd: number; readonly recognised: boolean }

/** Takes the source partition when nobody's lease is running. */
export function claim(state: LedgerState, request: ClaimRequest): ClaimDecision {
  const { owner, now, leaseEnd, records, delivery } = request
  const former = state.claim
  if (former !== null && former.owner !== owner && former.leaseEnd > now) {
    // What is in flight counts as reported: whoever brings it again brings what was delivered.
    const reported = reportedWith(state.reported, former.inFlight)
    const recognised = recognise({ ...state, reported }, records, now) === 'known'
    return { kind: 'busy', leaseEnd: former.leaseEnd, recognised }
  }
  const buried = former === null || former.owner === owner ? state : bury(state, former, request)
  const { known, recreated } = reconsider(buried, request)
  const inFlight = spanOf(records)
  const claimed: LedgerState = {
    ...known,
    born: known.delivered < 0 ? now : known.born,
    delivered: Math.max(known.delivered, inFlight.to),
    newest: records.reduce(
      (max, { timestamp }) => (notFuture(timestamp, now) ? Math.max(max, timestamp) : max),
      known.newest,
    ),
    claim: { owner, leaseEnd, inFlight, marker: null },
  }
  return {
    kind: 'claimed',
    state: delivery === 'at-most-once' ? settledFirst(claimed, records) : claimed,
    found: {
      deliveredBefore: known.delivered,
      isDue: dueIn(known, delivery),
      abandoned: abandonedBy(records, known.open),
      recreated,
    },
  }
}

const reportedWith = (reported: readonly Range[], inFlight: Range): readonly Range[] =>
  union(intervals(reported), intervals([inFlight])).map(({ from, to }) => ({ from, to }))

/**
 * A claim that was never given back is evidence of a crash: its range joins the crashed range, and its marker becomes a death
 * of the record that ran alone, or a chunk of suspects (rule 7). All of it was to be delivered again.
 */
function bury(state: LedgerState, { inFlight, marker }: Claim, { now, delivery }: ClaimRequest): LedgerState {
  const reported = reportedWith(state.reported, inFlight)
  // What was settled before it ran is never run again, whatever it did.
  if (delivery === 'at-most-once') return { ...state, claim: null, reported, crashed: null, suspect: null }
  const alone = marker !== null && marker.from === marker.to
  return {
    ...state,
    claim: null,
    reported,
    crashed: hull(state.crashed, inFlight),
    open: alone ? withDeath(state, marker.from, marker.timestamp, now) : state.open,
    pending: alone ? [...below(state.pending, marker.from), ...above(state.pending, marker.from)] : state.pending,
    suspect: alone ? state.suspect : hull(state.suspect, marker && { from: marker.from, to: marker.to }),
  }
}

function withDeath({ open, settled }: LedgerState, offset: number, timestamp: number, now: number): OpenRecord[] {
  if (covers(settled, offset)) return [...open]
  const others = open.filter((entry) => entry.offset !== offset)
  const fresh: OpenRecord = {
    offset,
    timestamp,
    attempts: 0,
    deaths: 0,
    convicted: false,
    givenUp: false,
    notBefore: 0,
    holds: 0,
    firstSeen: now,
  }
  const entry = open.find((one) => one.offset === offset && one.timestamp === timestamp) ?? fresh
  const deaths = entry.deaths + 1
  return [...others, { ...entry, deaths, convicted: deaths >= deathsToConvict }].sort((a, b) => a.offset - b.offset)
}

/** The state as far as this batch proves it to speak of the same incarnation. */
function reconsider(
  state: LedgerState,
  { records, now, delivery, recognised }: ClaimRequest,
): { readonly known: LedgerState; readonly recreated: boolean } {
  // At most once, only a contradiction is one.
  const timeless = delivery === 'at-most-once' ? { ...state, newest: Number.POSITIVE_INFINITY } : state
  const recognition: Recognition = recognise(timeless, records, now)
  if (recognition === 'recreated') return { known: emptyState, recreated: true }
  // At most once, a doubt skips.
  if (recognition === 'known' || recognised || delivery === 'at-most-once') return { known: state, recreated: false }
  return { known: forgetDoubtful(state, records), recreated: false }
}

function abandonedBy(records: readonly Anchor[], open: readonly OpenRecord[]): readonly OpenRecord[] {
  if (open.length === 0) return []
  const brought = new Set(records.map(({ offset }) => offset))
  return open.filter(({ offset }) => offset < spanOf(records).to && !brought.has(offset))
}

function dueIn({ settled, open, pending }: LedgerState, delivery: Delivery): (offset: number) => boolean {
  const frontier = settled.at(-1)?.to ?? -1
  if (delivery === 'at-least-once') return (offset) => offset > frontier || !covers(settled, offset)
  // One frontier; below it only what is known never to have been started, or was left by a function that ran at least once.
  return (offset) => offset > frontier || covers(pending, offset) || open.some((entry) => entry.offset === offset)
}

/** Settled before anything runs: everything up to the batch's end. What of it was open or pending is so no more. */
function settledFirst(state: LedgerState, records: readonly Anchor[]): LedgerState {
  const { from, to } = spanOf(records)
  const anchors = records.filter((_, i) => i === 0 || i === records.length - 1)
  const outside = ({ offset }: Anchor) => offset < from || offset > to
  return {
    ...state,
    settled: union(state.settled, [{ from: Math.min(from, (state.settled.at(-1)?.to ?? -1) + 1), to, anchors }]),
    open: state.open.filter(outside),
    pending: [...below(state.pending, from), ...above(state.pending, to)],
  }
}

const intervals = (ranges: readonly Range[]) => ranges.map((range) => ({ ...range, anchors: [] }))
