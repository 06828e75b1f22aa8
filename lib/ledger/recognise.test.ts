import { describe, expect, it } from 'vitest'
import { forgetDoubtful, type Recognition, recognise } from './recognise.js'
import { settle } from './settle.js'
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
import type { Anchor, LedgerState } from './state.js'

const minutes = 60_000
const other = (offset: number, timestamp = timeOf(offset) - 1): Anchor => ({ offset, timestamp })
/** Settled: 0 to 9, with anchors at both ends and at 4, and 20 to 29. */
const known = stateOf({ settled: [interval(0, 9, 4), interval(20, 29)] })
const reporting = (from: number, to: number) => ({ ...known, reported: [{ from, to }] })
/** An anchor that a producer's clock has put ahead of the ledger's. */
const ahead = (ms: number) =>
  stateOf({ settled: [{ from: 0, to: 9, anchors: [{ offset: 0, timestamp: t0 + ms }] }], newest: t0 + 20 * minutes })

describe('a batch is', () => {
  it.each<[recognition: Recognition, why: string, state: LedgerState, records: readonly Anchor[]]>([
    ['known', 'where the ledger is empty', stateOf({}), anchorsAt(0, 1)],
    ['known', 'where it overlaps nothing that is settled', known, anchorsAt(10, 15, 30)],
    ['known', 'by an anchor that matches', known, anchorsAt(4, 5)],
    ['known', 'by an anchor that matches in one of the intervals it overlaps', known, anchorsAt(8, 20, 21)],
    ['known', "by an open record's timestamp", { ...known, open: [openRecord(11)] }, anchorsAt(8, 11)],
    ['known', 'by an anchor ten minutes ahead: clocks differ', ahead(10 * minutes), [other(0, t0 + 10 * minutes)]],
    ['known', 'by continuity: it lies within what was reported', reporting(5, 9), anchorsAt(5, 6, 7)],
    ['known', 'by continuity, though what it brings beside is new', reporting(5, 9), anchorsAt(5, 12, 13)],
    ['recreated', 'by an anchor that does not match', known, [other(4)]],
    ['recreated', 'by one that does not match among those that do', known, [...anchorsAt(0, 4), other(9)]],
    ['recreated', 'by an anchor that does not match, within what was reported', reporting(0, 9), [other(4)]],
    ['recreated', "by an open record's timestamp", { ...known, open: [openRecord(11)] }, [other(11)]],
    ['recreated', 'by a record newer than everything settled', known, [other(5, timeOf(29) + 1)]],
    ['recreated', 'by a timestamp in the future that no anchor has', known, [other(4, t0 + 60 * minutes)]],
    ['doubtful', 'where it overlaps what is settled, with neither match nor mismatch', known, anchorsAt(5, 6)],
    ['doubtful', 'where what was reported does not hold all of the overlap', reporting(6, 9), anchorsAt(5, 6)],
    [
      'doubtful',
      'where an anchor too far ahead is all that matches',
      ahead(11 * minutes),
      [other(0, t0 + 11 * minutes)],
    ],
    ['doubtful', 'where it is newer, but too far ahead to be believed', known, [other(5, t0 + 11 * minutes)]],
  ])('%s %s (rule 8)', (recognition, _, state, records) => {
    expect(recognise(state, records, t0)).toBe(recognition)
  })
})

describe('a doubt', () => {
  it('forgets exactly the settled intervals that the batch has records in, and runs them again', () => {
    const state = stateOf({ settled: [interval(0, 3), interval(10, 13), interval(20, 23)], delivered: 30 })
    const { state: claimed, found } = take(state, [11, 15, 30])
    expect(rangesOf(claimed.settled)).toEqual([
      [0, 3],
      [20, 23],
    ])
    expect([...found.todo]).toEqual([11, 15, 30])
    expect(found).toMatchObject({ recreated: false, deliveredBefore: 30 })
  })

  it('leaves all else as it is', () => {
    const state = stateOf({ settled: [interval(0, 3)], open: [openRecord(9)], crashed: { from: 5, to: 9 } })
    expect(forgetDoubtful(state, anchorsAt(1))).toEqual({ ...state, settled: [], left: 3 })
    expect(forgetDoubtful(state, anchorsAt(7))).toEqual(state)
  })
})

describe('what was reported', () => {
  it('is the whole batch, whose answer may never arrive, and the rest of it stands when a part is settled', () => {
    const reported = settle(
      take(stateOf({}), [0, 1, 2, 3, 4, 5]).state,
      settlementOf([0, 1, 2, 3, 4, 5].map((offset) => [offset, offset === 4 ? pending : settled])),
    )
    expect(reported.reported).toEqual([{ from: 0, to: 5 }])
    const half = settle(take(reported, [0, 1, 2]).state, settlementOf([0, 1, 2].map((offset) => [offset, settled])))
    expect(half.reported).toEqual([
      { from: 0, to: 2 },
      { from: 3, to: 5 },
    ])
    const withoutAnchors = { ...half, settled: half.settled.map((one) => ({ ...one, anchors: [] })) }
    expect(recognise(withoutAnchors, anchorsAt(1, 3), t0)).toBe('known')
    const later = settle(take(half, [3, 4, 5]).state, settlementOf([3, 4, 5].map((offset) => [offset, settled])))
    expect(later.reported).toEqual([{ from: 3, to: 5 }])
    const forgotten = { ...later, settled: later.settled.map((one) => ({ ...one, anchors: [] })) }
    expect(recognise(forgotten, anchorsAt(1, 2), t0)).toBe('doubtful')
  })
})
