import { describe, expect, it } from 'vitest'
import { type Disposition, settle } from './settle.js'
import {
  anchorsAt,
  interval,
  openRecord,
  pending,
  rangesOf,
  settled,
  settlementOf,
  stateOf,
  t0,
  take,
  timeOf,
} from './state.fixture.js'
import { emptyState } from './state.js'

const later = t0 + 60_000

describe('at most once', () => {
  const mostly = { delivery: 'at-most-once' as const }

  it('all of a batch is settled with its claim, holes included, up to one frontier [P-20]', () => {
    const { state, found } = take(stateOf({ settled: [interval(0, 3)] }), [6, 9], mostly)
    expect(rangesOf(state.settled)).toEqual([[0, 9]])
    expect([...found.todo]).toEqual([6, 9])
  })

  it('nothing below the frontier is run, known to be settled or not [P-20]', () => {
    const state = stateOf({ settled: [interval(4, 9)] })
    expect([...take(state, [1, 2, 5, 9, 10], mostly).found.todo]).toEqual([10])
  })

  it('only what is known never to have been started is, and what a function left that ran at least once', () => {
    const state = stateOf({
      settled: [interval(0, 0), interval(9, 9)],
      pending: [{ from: 2, to: 4 }],
      open: [openRecord(6)],
    })
    const { state: claimed, found } = take(state, [3, 6, 7], mostly)
    expect([...found.todo]).toEqual([3, 6])
    expect(claimed).toMatchObject({ open: [], pending: [{ from: 2, to: 2 }] })
  })

  it('a batch whose owner died is not seen again, but for what lay pending outside it [P-20]', () => {
    const first = take(stateOf({ pending: [{ from: 0, to: 1 }], delivered: 1 }), [2, 5], mostly).state
    const again = take(first, [0, 1, 2, 5], { ...mostly, owner: 'successor', now: later })
    expect([...again.found.todo]).toEqual([0, 1])
  })

  it('what was never started is pending, and run when it comes again', () => {
    const { state } = take(emptyState, [0, 1, 2], mostly)
    const after = settle(
      state,
      settlementOf(
        [
          [0, settled],
          [1, pending],
          [2, pending],
        ],
        mostly,
      ),
    )
    expect(after).toMatchObject({ pending: [{ from: 1, to: 2 }], claim: null })
    expect([...take(after, [0, 1, 2, 3], mostly).found.todo]).toEqual([1, 2, 3])
  })

  it('an overlap that nothing confirms is skipped, and one that is contradicted is another topic [P-20]', () => {
    const state = stateOf({ settled: [interval(0, 9)] })
    expect([...take(state, [3, 4], mostly).found.todo]).toEqual([])
    const records = [{ offset: 0, timestamp: timeOf(0) + 1 }]
    expect(take(state, [], { ...mostly, records }).found).toMatchObject({ recreated: true })
  })

  it('the frontier begins at the first offset, whatever is delivered first, or where what is settled begins', () => {
    expect(rangesOf(take(emptyState, [5, 9], mostly).state.settled)).toEqual([[0, 9]])
    const state = stateOf({ settled: [interval(4, 9)] })
    expect(rangesOf(take(state, [12, 13], mostly).state.settled)).toEqual([[4, 13]])
    expect(rangesOf(take(state, [2, 13], mostly).state.settled)).toEqual([[2, 13]])
  })

  it('of a batch its first and its last record are kept as fingerprints', () => {
    expect(take(emptyState, [5, 6, 7, 8, 9], mostly).state.settled[0]?.anchors).toEqual(anchorsAt(5, 9))
    expect(take(emptyState, [5], mostly).state.settled[0]?.anchors).toEqual(anchorsAt(5))
  })

  it('what was open or pending is so no more within the batch, and stays outside it', () => {
    const open = [2, 5, 7, 9, 12].map((offset) => openRecord(offset))
    const state = stateOf({
      open,
      pending: [
        { from: 3, to: 6 },
        { from: 8, to: 14 },
      ],
    })
    const { state: claimed } = take(state, [5, 7, 9], mostly)
    expect(claimed.open.map(({ offset }) => offset)).toEqual([2, 12])
    expect(rangesOf(claimed.pending)).toEqual([
      [3, 4],
      [10, 14],
    ])
  })

  it('what failed is settled all the same, and neither open nor pending; what never started below the batch stays', () => {
    const before = stateOf({
      settled: [interval(0, 4)],
      pending: [
        { from: 1, to: 2 },
        { from: 4, to: 4 },
      ],
    })
    const { state } = take(before, [5, 6, 7], mostly)
    const failed: Disposition = { kind: 'open', entry: openRecord(6) }
    const after = settle(
      state,
      settlementOf(
        [
          [5, settled],
          [6, failed],
          [7, pending],
        ],
        mostly,
      ),
    )
    expect(after).toMatchObject({ open: [], crashed: null, claim: null })
    expect(rangesOf(after.settled)).toEqual([[0, 7]])
    expect(rangesOf(after.pending)).toEqual([
      [1, 2],
      [4, 4],
      [7, 7],
    ])
  })

  it('what was never started below the batch or within it is pending once, not twice', () => {
    const before = stateOf({
      settled: [interval(0, 9)],
      pending: [
        { from: 2, to: 2 },
        { from: 5, to: 6 },
      ],
    })
    const { state } = take(before, [5, 6], mostly)
    const after = settle(
      state,
      settlementOf(
        [
          [5, pending],
          [6, settled],
        ],
        mostly,
      ),
    )
    expect(rangesOf(after.pending)).toEqual([
      [2, 2],
      [5, 5],
    ])
  })

  it('open records that a function left which ran at least once leave with their report', () => {
    const state = stateOf({ open: [openRecord(1), openRecord(2)], delivered: 2 })
    const taken = take(state, [4], mostly)
    expect(taken.found.abandoned.map(({ offset }) => offset)).toEqual([1, 2])
    const after = settle(taken.state, settlementOf([[4, settled]], { ...mostly, abandoned: [2] }))
    expect(after.open).toEqual([openRecord(1)])
  })
})
