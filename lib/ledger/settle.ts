import { covers, forget, rangesOf, union } from './intervals.js'
import type { Interval, LedgerState, OpenRecord, Range } from './state.js'

/** Intervals kept per source partition: with it the item stays under 1 KB, so a write stays one write unit. */
export const maxIntervals = 40

/** What became of one record of the batch, for the ledger. */
export type Disposition =
  | { readonly kind: 'settled' }
  /** Tried and failed, or given up on without an acknowledgement. */
  | { readonly kind: 'open'; readonly entry: OpenRecord }
  /** Never started. */
  | { readonly kind: 'pending' }

/** A record of the batch with its disposition. */
export interface Disposed {
  readonly offset: number
  /** Epoch ms. */
  readonly timestamp: number
  readonly disposition: Disposition
}

/** What a settle records. */
export interface Settlement {
  /** All records of the batch in this source partition, offsets rising, those found settled included; never empty. */
  readonly records: readonly Disposed[]
  /** `delivered` as it was before this invocation's claim. */
  readonly deliveredBefore: number
  /** The mapping may withhold records, so no hole is provable (rule 3). */
  readonly withholds: boolean
}

/** The state after the batch: its outcomes recorded, the claim given back. */
export function settle(state: LedgerState, settlement: Settlement): LedgerState {
  const { records } = settlement
  const inHand = { from: records[0]?.offset ?? 0, to: records.at(-1)?.offset ?? 0 }
  const settled = forget(union(state.settled, settledIntervals(settlement)), maxIntervals, inHand)
  const touched = new Map(records.map((record) => [record.offset, record]))
  const opened = records.flatMap(({ disposition }) => (disposition.kind === 'open' ? [disposition.entry] : []))
  // A record that was not started this time keeps what its earlier runs have spent.
  const kept = state.open.filter(({ offset, timestamp }) => {
    const record = touched.get(offset)
    if (record === undefined) return !covers(settled, offset)
    return record.disposition.kind === 'pending' && record.timestamp === timestamp
  })
  const unstarted = records.filter(({ disposition }) => disposition.kind === 'pending').map(({ offset }) => offset)
  const stillOpen = new Set(kept.map(({ offset }) => offset))
  return {
    ...state,
    settled,
    open: [...kept, ...opened].sort((a, b) => a.offset - b.offset),
    // What this batch reaches beyond leaves the pending ranges.
    pending: [...rangesOf(unstarted.filter((offset) => !stillOpen.has(offset))), ...above(state.pending, inHand.to)],
    crashed: clearedCrash(state.crashed, inHand, unstarted[0]),
    claim: null,
  }
}

/** The settled records of the batch as intervals, with the provable holes between its records filled (rule 3). */
function settledIntervals({ records, deliveredBefore, withholds }: Settlement): Interval[] {
  const intervals: Interval[] = []
  for (const [i, { offset, timestamp, disposition }] of records.entries()) {
    if (disposition.kind !== 'settled') continue
    const next = records[i + 1]
    const provable = next !== undefined && !withholds && offset >= deliveredBefore
    const interval: Interval = {
      from: offset,
      to: provable ? next.offset - 1 : offset,
      anchors: [{ offset, timestamp }],
    }
    const last = intervals.at(-1)
    if (last !== undefined && last.to + 1 === offset) {
      // Within one run only the first and the newest anchor are kept; a batch needs no more.
      const [first = { offset, timestamp }] = last.anchors
      intervals[intervals.length - 1] = { from: last.from, to: interval.to, anchors: [first, { offset, timestamp }] }
    } else intervals.push(interval)
  }
  return intervals
}

/** Evidence of a crash is cleared up to the first record that was neither run nor found settled. */
function clearedCrash(crashed: Range | null, inHand: Range, firstPending: number | undefined): Range | null {
  if (crashed === null) return null
  const from = Math.max(crashed.from, firstPending ?? inHand.to + 1)
  return from > crashed.to ? null : { from, to: crashed.to }
}

const above = (ranges: readonly Range[], offset: number): Range[] =>
  ranges.filter(({ to }) => to > offset).map(({ from, to }) => ({ from: Math.max(from, offset + 1), to }))
