import { describe, expect, it } from 'vitest'
import { deathsToConvict } from './claim.js'
import { settle } from './settle.js'
import {
  anchorsAt,
  decide,
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
import { emptyState, type LedgerState, type Marker } from './state.js'

const later = t0 + 60_000

/** Somebody claimed these offsets, came as far as the marker, and died. */
const dead = (state: LedgerState, offsets: readonly number[], marker: Marker | null = null): LedgerState => {
  const { state: claimed } = take(state, offsets, { owner: `victim ${state.delivered}` })
  return { ...claimed, claim: claimed.claim && { ...claimed.claim, marker } }
}
const alone = (offset: number, timestamp = timeOf(offset)): Marker => ({ from: offset, to: offset, timestamp })
const chunk = (from: number, to: number): Marker => ({ from, to, timestamp: timeOf(from) })
const next = (state: LedgerState, offsets: readonly number[]) =>
  take(state, offsets, { owner: 'successor', now: later })

describe('a claim whose owner died', () => {
  it('leaves its range in the crashed range, which grows by it', () => {
    const { state } = next(dead(stateOf({ crashed: { from: 2, to: 4 }, delivered: 4 }), [10, 12, 19]), [10])
    expect(state.crashed).toEqual({ from: 2, to: 19 })
    expect(state.claim).toMatchObject({ owner: 'successor', inFlight: { from: 10, to: 10 }, marker: null })
  })

  it('was to be delivered again as a whole, so that its return is no surprise', () => {
    expect(next(dead(emptyState, [3, 9]), [3, 9]).state.reported).toEqual([{ from: 3, to: 9 }])
  })

  it('counts as a death of the record that ran alone, and of no other [P-03]', () => {
    const { state } = next(dead(stateOf({ open: [openRecord(4), openRecord(8)] }), [4, 8, 9], alone(8)), [4, 8, 9])
    expect(state.open).toMatchObject([
      { offset: 4, deaths: 0, attempts: 1 },
      { offset: 8, deaths: 1, attempts: 1, convicted: false },
    ])
    expect(state.suspect).toBeNull()
  })

  it('opens an entry for one that never failed, with no attempt spent by its crash [P-03]', () => {
    expect(next(dead(emptyState, [4, 8], alone(8)), [4, 8]).state.open).toEqual([
      openRecord(8, { attempts: 0, deaths: 1, firstSeen: later }),
    ])
  })

  it('convicts it with the second death on its own marker [P-03]', () => {
    expect(deathsToConvict).toBe(2)
    const once = next(dead(emptyState, [4, 8], alone(8)), [4, 8]).state
    const twice = next(dead({ ...once, claim: null }, [4, 8], alone(8)), [4, 8]).state
    expect(twice.open).toMatchObject([{ offset: 8, deaths: 2, convicted: true }])
  })

  it('makes suspects of the chunk that ran, beside those there are', () => {
    const { state } = next(dead(stateOf({ suspect: { from: 2, to: 3 } }), [2, 4, 8, 9], chunk(4, 8)), [2, 4])
    expect(state).toMatchObject({ suspect: { from: 2, to: 8 }, open: [], crashed: { from: 2, to: 9 } })
  })

  it('convicts nobody of a record that a checkpoint has settled', () => {
    const state = dead(stateOf({ settled: [interval(4, 8)], open: [openRecord(9)] }), [4, 8, 9], alone(8))
    expect(next(state, [9]).state.open).toEqual([openRecord(9)])
  })

  it('is no death of another record produced in the same millisecond, and leaves the open records rising', () => {
    const timestamp = timeOf(4)
    const open = [openRecord(6, { timestamp, attempts: 3 }), openRecord(8, { timestamp })]
    const { state } = next(dead(stateOf({ open, delivered: 8 }), [4, 9], alone(4)), [4, 9])
    expect(state.open).toEqual([openRecord(4, { timestamp, attempts: 0, deaths: 1, firstSeen: later }), ...open])
  })

  it('takes the record that ran alone out of the pending ones, and leaves what lies on either side', () => {
    const pending = [{ from: 2, to: 9 }]
    const { state } = next(dead(stateOf({ pending, delivered: 9 }), [2, 4, 9], alone(4)), [20])
    expect(rangesOf(state.pending)).toEqual([
      [2, 3],
      [5, 9],
    ])
    expect(next(dead(stateOf({ pending, delivered: 9 }), [2, 4, 9], chunk(4, 5)), [20]).state.pending).toEqual(pending)
  })

  it('leaves the suspects there are where it had no marker', () => {
    const suspect = { from: 2, to: 3 }
    expect(next(dead(stateOf({ suspect }), [2, 4]), [2, 4]).state).toMatchObject({ suspect, open: [] })
    expect(next(dead(stateOf({ suspect }), [2, 4], alone(4)), [2, 4]).state.suspect).toEqual(suspect)
  })

  it('counts anew where the timestamp is that of another record at the same offset (rule 8)', () => {
    const before = stateOf({ open: [openRecord(8, { deaths: 1, attempts: 3 })] })
    const records = [{ offset: 8, timestamp: timeOf(8) + 1 }]
    const state = {
      ...before,
      claim: { owner: 'x', leaseEnd: t0, inFlight: { from: 8, to: 8 }, marker: alone(8, timeOf(8) + 1) },
    }
    expect(take(state, [8], { records, now: later }).state.open).toMatchObject([{ offset: 8, deaths: 1, attempts: 0 }])
  })

  it('leaves no evidence where its records were settled before they ran', () => {
    const state = take(dead(stateOf({ crashed: { from: 0, to: 3 } }), [4, 8], chunk(4, 8)), [4, 8], {
      owner: 'successor',
      now: later,
      delivery: 'at-most-once',
    }).state
    expect(state).toMatchObject({ crashed: null, suspect: null, open: [] })
  })
})

describe('a conviction, and the deaths that lead to it', () => {
  const convicted = openRecord(8, { attempts: 0, deaths: 2, convicted: true })
  const died = openRecord(9, { deaths: 1 })
  const before = stateOf({ open: [convicted, died], delivered: 9 })

  it.each([
    ['of records before it', [0, 1]],
    ['of records behind it', [10, 11]],
  ])('survive the settle %s', (_, offsets) => {
    const { state } = take(before, offsets)
    const after = settle(state, settlementOf(offsets.map((offset) => [offset, settled])))
    expect(after.open).toEqual([convicted, died])
  })

  it('survive a batch that brings the record and does not come to it', () => {
    const { state } = take(before, [7, 8, 9])
    const after = settle(
      state,
      settlementOf([
        [7, settled],
        [8, pending],
        [9, pending],
      ]),
    )
    expect(after.open).toEqual([convicted, died])
    expect(after.pending).toEqual([])
  })

  it('fall with another timestamp: it is another record (rule 8)', () => {
    const records = [{ offset: 8, timestamp: timeOf(8) + 5 }]
    const { state, found } = take(before, [8], { records })
    expect([state.open, found.recreated, [...found.todo]]).toEqual([[], true, [8]])
  })
})

describe('a claim', () => {
  it('that its owner repeats, because an answer was lost, is no crash', () => {
    const first = take(emptyState, [0, 5]).state
    const marked = { ...first, claim: first.claim && { ...first.claim, marker: alone(0) } }
    const { state } = take(marked, [0, 5], { now: t0 + 1 })
    expect(state).toMatchObject({
      crashed: null,
      suspect: null,
      open: [],
      claim: { leaseEnd: t0 + 10_001, marker: null },
    })
  })

  it('is held off by a living lease, and changes nothing', () => {
    const held = take(emptyState, [0, 5], { owner: 'other' }).state
    expect(decide(held, [0, 5], { now: t0 + 9_999 })).toMatchObject({ kind: 'busy', leaseEnd: t0 + 10_000 })
    expect(decide(held, [0, 5], { now: t0 + 10_000 }).kind).toBe('claimed')
  })

  it('is told, where it is held off, whether its batch is known to be of the source partition', () => {
    const state = stateOf({ settled: [interval(0, 9)], reported: [{ from: 0, to: 1 }] })
    const held = take(state, [0, 1, 3, 4], { owner: 'other' }).state
    const recognised = (offsets: number[], by = held) => decide(by, offsets)
    expect(recognised([0, 1])).toMatchObject({ kind: 'busy', recognised: true })
    // In the other's hand, so that its return is no surprise.
    expect(recognised([3, 4])).toMatchObject({ recognised: true })
    expect(recognised([5, 6])).toMatchObject({ recognised: false })
    const records = [{ offset: 9, timestamp: timeOf(9) + 1 }]
    expect(decide(held, [], { records })).toMatchObject({ recognised: false })
  })

  it('finds all of the batch that is not settled: open, pending, and never seen (rule 2)', () => {
    const state = stateOf({
      settled: [interval(0, 3), interval(6, 6)],
      open: [openRecord(4)],
      pending: [{ from: 5, to: 5 }],
      reported: [{ from: 0, to: 9 }],
    })
    expect([...take(state, [2, 3, 4, 5, 6, 7]).found.todo]).toEqual([4, 5, 7])
  })

  it('knows as newest the newest time that has been, not one in the future', () => {
    const records = [
      { offset: 0, timestamp: timeOf(0) },
      { offset: 1, timestamp: t0 + 600_000 },
      { offset: 2, timestamp: t0 + 600_001 },
    ]
    expect(take(emptyState, [], { records }).state.newest).toBe(t0 + 600_000)
  })
})

describe('a record is abandoned', () => {
  const state = stateOf({ open: [3, 5, 9].map((offset) => openRecord(offset)), delivered: 9 })
  const abandoned = (offsets: number[]) => take(state, offsets).found.abandoned.map(({ offset }) => offset)

  it('where the batch reaches beyond it without bringing it', () => {
    expect(abandoned([4, 5, 8])).toEqual([3])
    expect(abandoned([10, 11])).toEqual([3, 5, 9])
  })

  it('and is not while it comes, or may still come', () => {
    expect(abandoned([3, 5, 9, 10])).toEqual([])
    expect(abandoned([1, 2])).toEqual([])
    expect(abandoned([3, 4])).toEqual([])
  })

  it('by nobody in a recreated topic, whose records are others', () => {
    const records = [{ offset: 9, timestamp: timeOf(9) + 1 }, ...anchorsAt(10)]
    expect(take(state, [], { records }).found).toMatchObject({ abandoned: [], recreated: true, deliveredBefore: -1 })
  })

  it('leaves the open records with its report, unsettled, and keeps those that are not reported', () => {
    const taken = take(state, [10])
    const after = settle(taken.state, settlementOf([[10, settled]], { deliveredBefore: 9, abandoned: [3, 9] }))
    expect(after.open).toMatchObject([{ offset: 5 }])
    expect(rangesOf(after.settled)).toEqual([[10, 10]])
    expect([...take(after, [3, 9, 10]).found.todo]).toEqual([3, 9])
  })
})
