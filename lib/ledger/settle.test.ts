import { describe, expect, it } from 'vitest'
import { claim } from './claim.js'
import { covers } from './intervals.js'
import { type Disposed, type Disposition, settle } from './settle.js'
import { emptyState, type LedgerState } from './state.js'

const owner = 'me'
const claimed = (state: LedgerState, from: number, to: number, by = owner, now = 0): LedgerState => {
  const records = [...new Set([from, to])].map((offset) => ({ offset, timestamp: offset }))
  const decision = claim(state, { owner: by, now, leaseEnd: now + 10_000, records, delivery: 'at-least-once' })
  if (decision.kind === 'busy') throw new Error('busy')
  return decision.state
}
const settled: Disposition = { kind: 'settled' }
const pending: Disposition = { kind: 'pending' }
const open = (offset: number, attempts = 1): Disposition => ({
  kind: 'open',
  entry: {
    offset,
    attempts,
    deaths: 0,
    convicted: false,
    givenUp: false,
    notBefore: 0,
    holds: 0,
    timestamp: offset,
    firstSeen: 7,
  },
})
const records = (list: readonly (readonly [number, Disposition])[]): Disposed[] =>
  list.map(([offset, disposition]) => ({ offset, timestamp: offset, disposition }))
const rest = { delivery: 'at-least-once', abandoned: [] } as const
const ranges = ({ settled }: LedgerState) => settled.map(({ from, to }) => [from, to])
const batch = (state: LedgerState, list: readonly (readonly [number, Disposition])[], withholds = false): LedgerState =>
  settle(claimed(state, list[0]?.[0] ?? 0, list.at(-1)?.[0] ?? 0), {
    records: records(list),
    deliveredBefore: state.delivered,
    withholds,
    ...rest,
  })

describe('settle', () => {
  it('settles what is done and gives the claim back', () => {
    const after = batch(emptyState, [
      [0, settled],
      [1, settled],
      [2, settled],
    ])
    expect(ranges(after)).toEqual([[0, 2]])
    expect(after).toMatchObject({ claim: null, open: [], pending: [], delivered: 2 })
    expect(after.settled[0]?.anchors).toEqual([
      { offset: 0, timestamp: 0 },
      { offset: 2, timestamp: 2 },
    ])
  })

  it('keeps what failed open with its attempts, and what never started pending', () => {
    const after = batch(emptyState, [
      [0, settled],
      [1, open(1, 2)],
      [2, pending],
      [3, pending],
      [4, settled],
    ])
    expect(ranges(after)).toEqual([
      [0, 0],
      [4, 4],
    ])
    expect(after.open).toMatchObject([{ offset: 1, attempts: 2 }])
    expect(after.pending).toEqual([{ from: 2, to: 3 }])
  })

  it('closes an open record when it is settled at last', () => {
    const before = batch(emptyState, [
      [0, settled],
      [1, open(1)],
      [2, pending],
    ])
    const after = batch(before, [
      [1, settled],
      [2, settled],
    ])
    expect(after).toMatchObject({ open: [], pending: [] })
    expect(ranges(after)).toEqual([[0, 2]])
  })

  it('keeps one entry of a record that fails again, with what its last run says', () => {
    const before = batch(emptyState, [
      [3, open(3)],
      [5, open(5)],
    ])
    const after = batch(before, [
      [3, open(3, 2)],
      [4, settled],
    ])
    expect(after.open).toMatchObject([
      { offset: 3, attempts: 2 },
      { offset: 5, attempts: 1 },
    ])
  })

  it('keeps the open records rising, whichever batch brought them', () => {
    const before = batch(emptyState, [[8, open(8)]])
    const after = batch(before, [
      [4, open(4)],
      [5, pending],
      [9, open(9)],
    ])
    expect(after.open.map(({ offset }) => offset)).toEqual([4, 8, 9])
  })

  it('keeps what a record has spent that was not started this time, unless its timestamp is another’s (rule 8)', () => {
    const before = batch(emptyState, [
      [3, open(3)],
      [5, open(5)],
    ])
    const other = { offset: 5, timestamp: 6, disposition: pending }
    const disposed = [...records([[3, pending]]), other]
    const after = settle(before, { records: disposed, deliveredBefore: 5, withholds: false, ...rest })
    expect(after.open).toMatchObject([{ offset: 3, attempts: 1 }])
    expect(after.pending).toEqual([{ from: 5, to: 5 }])
  })

  it('leaves what the batch reaches beyond out of the pending ranges, and keeps what lies above it', () => {
    const pendingBefore = [
      { from: 0, to: 1 },
      { from: 3, to: 9 },
    ]
    const before = { ...emptyState, pending: pendingBefore, delivered: 9 }
    expect(
      batch(before, [
        [4, settled],
        [5, pending],
      ]).pending,
    ).toEqual([
      { from: 5, to: 5 },
      { from: 6, to: 9 },
    ])
  })

  it('keeps one anchor of a record that stands alone, and the first and the last of a run', () => {
    const after = batch(
      emptyState,
      [
        [0, settled],
        [2, settled],
        [3, settled],
        [4, settled],
      ],
      true,
    )
    expect(after.settled.map(({ anchors }) => anchors.map(({ offset }) => offset))).toEqual([[0], [2, 4]])
  })

  it('keeps the open records of another batch', () => {
    const before = batch(emptyState, [[0, open(0)]])
    expect(batch(before, [[5, settled]]).open).toMatchObject([{ offset: 0 }])
  })

  it('fills the holes between the records of a batch above everything delivered before (rule 3)', () => {
    expect(
      ranges(
        batch(emptyState, [
          [0, settled],
          [5, settled],
          [9, settled],
        ]),
      ),
    ).toEqual([[0, 9]])
  })

  it('fills the hole right behind what was delivered last, and none before it (rule 3)', () => {
    const state = { ...emptyState, delivered: 4 }
    const after = batch(state, [
      [2, settled],
      [4, settled],
      [8, settled],
    ])
    expect(ranges(after)).toEqual([
      [2, 2],
      [4, 8],
    ])
  })

  it('fills no hole that lies below what was delivered before, a crashed range included (rule 3)', () => {
    const given = batch(emptyState, [
      [0, settled],
      [3, pending],
      [6, settled],
    ])
    expect(
      ranges(
        batch(given, [
          [0, settled],
          [4, settled],
          [7, settled],
          [9, settled],
        ]),
      ).slice(1),
    ).toEqual([
      [4, 4],
      [6, 9],
    ])
    const crashed = claimed(claimed(emptyState, 0, 8), 0, 8, 'successor', 20_000)
    const after = settle(crashed, {
      records: records([
        [2, settled],
        [8, settled],
      ]),
      deliveredBefore: crashed.delivered,
      withholds: false,
      ...rest,
    })
    expect(ranges(after)).toEqual([
      [2, 2],
      [8, 8],
    ])
  })

  it('fills no hole where the mapping may withhold records (rule 3)', () => {
    expect(
      ranges(
        batch(
          emptyState,
          [
            [0, settled],
            [5, settled],
          ],
          true,
        ),
      ),
    ).toEqual([
      [0, 0],
      [5, 5],
    ])
  })

  it('never settles a hole beside a record that failed in a way that skips it', () => {
    const after = batch(emptyState, [
      [0, settled],
      [5, open(5)],
      [9, settled],
    ])
    expect(covers(after.settled, 5)).toBe(false)
  })

  it('clears evidence of a crash as far as its records were run or found settled', () => {
    const crashed = claimed(claimed(emptyState, 0, 9), 0, 4, 'successor', 20_000)
    expect(crashed.crashed).toEqual({ from: 0, to: 9 })
    const half = settle(crashed, {
      records: records([
        [0, settled],
        [2, pending],
        [4, pending],
      ]),
      deliveredBefore: 9,
      withholds: false,
      ...rest,
    })
    expect(half.crashed).toEqual({ from: 2, to: 9 })
    expect(
      batch(half, [
        [2, settled],
        [4, settled],
        [9, settled],
      ]).crashed,
    ).toBeNull()
  })
})

describe('claim', () => {
  it('is refused while the lease of another runs, and granted when it is over', () => {
    const held = claimed(emptyState, 0, 9, 'other', 0)
    const records = [0, 9].map((offset) => ({ offset, timestamp: offset }))
    const request = { owner, leaseEnd: 30_000, records, delivery: 'at-least-once' as const }
    expect(claim(held, { ...request, now: 9_999 })).toMatchObject({ kind: 'busy', leaseEnd: 10_000 })
    expect(claim(held, { ...request, now: 10_000 })).toMatchObject({
      kind: 'claimed',
      state: { crashed: { from: 0, to: 9 }, claim: { owner, leaseEnd: 30_000, inFlight: { from: 0, to: 9 } } },
    })
  })

  it('takes a claim that was given back for no crash', () => {
    const given = batch(emptyState, [[0, settled]])
    expect(claimed(given, 1, 5).crashed).toBeNull()
  })

  it('raises what was delivered before anything runs', () => {
    expect(claimed(emptyState, 3, 9).delivered).toBe(9)
    expect(claimed(claimed(emptyState, 3, 9), 4, 5).delivered).toBe(9)
  })
})
