import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { covers } from './intervals.js'
import { forgetDoubtful, type Recognition, recognise } from './recognise.js'
import { checkpoint, type Disposition, settle } from './settle.js'
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
    expect(forgetDoubtful(state, anchorsAt(1))).toEqual({ ...state, settled: [] })
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

/** A partition of records whose timestamps rise and fall, and what befalls each delivery of them. */
const honest = fc.record({
  log: fc.array(fc.record({ gap: fc.nat(2), late: fc.nat(5_000) }), { minLength: 1, maxLength: 30 }),
  batchSize: fc.integer({ min: 1, max: 12 }),
  deliveries: fc.array(
    fc.record({
      end: fc.constantFrom('settles', 'settles', 'throws', 'dies', 'checkpoints and dies'),
      outcomes: fc.array(fc.constantFrom('settled', 'settled', 'open', 'pending'), { minLength: 1, maxLength: 12 }),
      /** Of what is due again, so many are given up first, or left to the next delivery. */
      givenUp: fc.nat(4),
      bisected: fc.boolean(),
      exactly: fc.boolean(),
    }),
    { maxLength: 25 },
  ),
})
type Honest = typeof honest extends fc.Arbitrary<infer T> ? T : never

it('takes no honest redelivery of what it reported, or of any rest of it, for another topic or for doubtful', () => {
  fc.assert(fc.property(honest, play), { numRuns: 2_000 })
})

function play({ log, batchSize, deliveries }: Honest): void {
  let at = 0
  const records = log.map(({ gap, late }) => {
    at += gap + 1
    return { offset: at, timestamp: timeOf(at) - late }
  })
  let state = stateOf({})
  let now = t0
  for (let from = 0; from < records.length; from += batchSize) {
    let due: Anchor[][] = [records.slice(from, from + batchSize)]
    for (let batch = due.shift(); batch !== undefined; batch = due.shift()) {
      now += 60_000
      const { state: claimed, found } = take(state, [], { owner: String(now), now, records: batch })
      expect(found.recreated).toBe(false)
      // Nothing was forgotten for doubt, and nothing that was settled is run.
      expect(claimed.settled).toEqual(state.settled)
      expect(batch.filter(({ offset }) => found.todo.has(offset) === covers(state.settled, offset))).toEqual([])
      const fate = deliveries.shift() ?? {
        end: 'settles',
        outcomes: ['settled'],
        givenUp: 0,
        bisected: false,
        exactly: true,
      }
      const again = deliver(claimed, batch, found.todo, found.deliveredBefore, fate, now)
      state = again.state
      const rest = again.due.slice(fate.givenUp)
      const half = fate.bisected ? Math.ceil(rest.length / 2) : rest.length
      due = [rest.slice(0, half), rest.slice(half), ...due].filter(({ length }) => length > 0)
    }
  }
}

/** One delivery, and what an honest mapping brings again after it. */
function deliver(
  claimed: LedgerState,
  batch: Anchor[],
  todo: ReadonlySet<number>,
  deliveredBefore: number,
  { end, outcomes, exactly }: Omit<Honest['deliveries'][number], 'bisected' | 'givenUp'>,
  now: number,
): { state: LedgerState; due: Anchor[] } {
  if (end === 'dies') return { state: claimed, due: batch }
  const disposed = batch.map(({ offset, timestamp }, i) => {
    const outcome = outcomes[i % outcomes.length]
    const disposition: Disposition =
      !todo.has(offset) || outcome === 'settled'
        ? settled
        : outcome === 'open'
          ? { kind: 'open', entry: openRecord(offset, { timestamp }) }
          : pending
    return { offset, timestamp, disposition }
  })
  const left = disposed.flatMap(({ disposition, ...record }) => (disposition.kind === 'settled' ? [] : [record]))
  const whole = end === 'throws' && left.length > 0
  const settlement = settlementOf([], { records: disposed, deliveredBefore })
  if (end === 'checkpoints and dies')
    return { state: checkpoint(claimed, settlement, { leaseEnd: now + 10_000, marker: null }), due: batch }
  const lowest = left[0]?.offset ?? Number.POSITIVE_INFINITY
  const due = whole ? batch : exactly ? left : batch.filter(({ offset }) => offset >= lowest)
  return { state: settle(claimed, settlement), due }
}
