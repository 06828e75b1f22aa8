import type { Delivery } from './claim.js'
import { above, covers, forget, rangesOf, spanOf, union } from './intervals.js'
import type { Anchor, Interval, LedgerState, Marker, OpenRecord, Range } from './state.js'

/** Intervals kept per source partition: with it the item stays under 1 KB, so a write stays one write unit. */
export const maxIntervals = 40

/** What became of one record of the batch, for the ledger. */
export type Disposition =
  | { readonly kind: 'settled' }
  /** Tried and failed, or given up on without an acknowledgement. */
  | { readonly kind: 'open'; readonly entry: OpenRecord }
  /** Never started, or not decided yet. */
  | { readonly kind: 'pending' }

/** A record of the batch with its disposition. */
export interface Disposed extends Anchor {
  readonly disposition: Disposition
}

/** What a settle or a checkpoint records. */
export interface Settlement {
  /** All records of the batch in this source partition, offsets rising, those found settled included; never empty. */
  readonly records: readonly Disposed[]
  /** `delivered` as it was before this invocation's claim. */
  readonly deliveredBefore: number
  /** The mapping may withhold records, so no hole is provable (rule 3). */
  readonly withholds: boolean
  readonly delivery: Delivery
  /** Offsets of open records whose report as abandoned is acknowledged. */
  readonly abandoned: readonly number[]
}

/** The state in the middle of a batch: its outcomes so far recorded, the claim kept with a new lease and marker. */
export function checkpoint(
  state: LedgerState,
  settlement: Settlement,
  hold: { readonly leaseEnd: number; readonly marker: Marker | null },
): LedgerState {
  const recorded = record(state, settlement)
  return { ...recorded, left: leftBy(state, recorded), claim: state.claim && { ...state.claim, ...hold } }
}

/** The state after the batch: its outcomes recorded, the claim given back. What of the crashed range is not cleared yet stays. */
export function settle(state: LedgerState, settlement: Settlement): LedgerState {
  const { records, delivery } = settlement
  const inHand = spanOf(records)
  const recorded = record(state, settlement)
  // What a checkpoint has settled stays so, even if the batch fails after it.
  const isSettled = (offset: number) => delivery === 'at-least-once' && covers(recorded.settled, offset)
  const openNow = new Set(recorded.open.map(({ offset }) => offset))
  const unstarted = records.filter(
    ({ offset, disposition }) => disposition.kind === 'pending' && !isSettled(offset) && !openNow.has(offset),
  )
  // What this batch reaches beyond leaves the pending ranges; at most once, nothing brings it back either.
  const kept = delivery === 'at-most-once' ? state.pending.filter(({ to }) => to < inHand.from) : []
  const pending = [...kept, ...rangesOf(unstarted.map(({ offset }) => offset)), ...above(state.pending, inHand.to)]
  return {
    ...recorded,
    pending,
    left: leftBy(state, { ...recorded, pending }),
    // All of it may come again, settled or not: the answer may never arrive.
    reported: [inHand, ...above(state.reported, inHand.to)],
    claim: null,
  }
}

/** Settled intervals, open records and what is left of the evidence of crashes. */
function record(state: LedgerState, settlement: Settlement): LedgerState {
  const { records, delivery } = settlement
  if (delivery === 'at-most-once') {
    return { ...state, open: state.open.filter(({ offset }) => !settlement.abandoned.includes(offset)) }
  }
  const inHand = spanOf(records)
  const settled = forget(union(state.settled, settledIntervals(settlement)), maxIntervals, inHand)
  const opened = records.flatMap(({ disposition }) => (disposition.kind === 'open' ? disposition.entry : []))
  const undecided = records.find(({ disposition }) => disposition.kind === 'pending')?.offset
  return {
    ...state,
    settled,
    open: [...stillOpen(state.open, settlement, settled), ...opened].sort((a, b) => a.offset - b.offset),
    crashed: cleared(state.crashed, inHand, undecided),
    suspect: cleared(state.suspect, inHand, undecided),
  }
}

/** The highest offset that was known to be unsettled before, and is not known at all now. */
function leftBy(before: LedgerState, after: LedgerState): number {
  const unsettled = unsettledIn(before)
  if (unsettled.length === 0) return before.left
  const known = [...after.settled, ...unsettledIn(after)].sort((a, b) => b.to - a.to)
  const highestOutside = ({ from, to }: Range): number => {
    // Downwards from range to range, not from offset to offset: a crashed range may be as long as the source partition.
    const offset = known.reduce((at, range) => (range.from <= at && at <= range.to ? range.from - 1 : at), to)
    return offset < from ? -1 : offset
  }
  return Math.max(before.left, ...unsettled.map(highestOutside))
}

const unsettledIn = ({ open, pending, crashed }: LedgerState): Range[] => [
  ...open.map(({ offset }) => ({ from: offset, to: offset })),
  ...pending,
  ...(crashed === null ? [] : [crashed]),
]

/** Open records that this batch has not decided. One that was not started this time keeps what its earlier runs have spent. */
function stillOpen(
  open: readonly OpenRecord[],
  { records, abandoned }: Settlement,
  settled: readonly Interval[],
): readonly OpenRecord[] {
  if (open.length === 0) return open
  const touched = new Map(records.map((one) => [one.offset, one]))
  const gone = new Set(abandoned)
  return open.filter(({ offset, timestamp }) => {
    const one = touched.get(offset)
    if (one === undefined) return !gone.has(offset) && !covers(settled, offset)
    return one.disposition.kind === 'pending' && one.timestamp === timestamp
  })
}

/** The settled records of the batch as intervals, with the provable holes between its records filled (rule 3). */
function settledIntervals({ records, deliveredBefore, withholds }: Settlement): Interval[] {
  const intervals: Interval[] = []
  let i = 0
  for (let first = records[i]; first !== undefined; first = records[i]) {
    if (first.disposition.kind !== 'settled') {
      i++
      continue
    }
    let last = first
    let to = first.offset
    // Settled records follow one another, with nothing or a provable hole between them.
    for (let next: Disposed | undefined = first; next?.disposition.kind === 'settled' && next.offset <= to + 1; ) {
      last = next
      next = records[++i]
      const provable = next !== undefined && !withholds && last.offset >= deliveredBefore
      to = provable && next !== undefined ? next.offset - 1 : last.offset
    }
    // Within one run the first and the last anchor are enough.
    const anchors = (last === first ? [first] : [first, last]).map(({ offset, timestamp }) => ({ offset, timestamp }))
    intervals.push({ from: first.offset, to, anchors })
  }
  return intervals
}

/** Evidence of a crash is cleared up to the first record that was neither run nor found settled. */
function cleared(evidence: Range | null, inHand: Range, undecided: number | undefined): Range | null {
  if (evidence === null) return null
  const from = Math.max(evidence.from, undecided ?? inHand.to + 1)
  return from > evidence.to ? null : { from, to: evidence.to }
}
