import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { claim } from './claim.js'
import { covers } from './intervals.js'
import { checkpoint, type Disposition, settle } from './settle.js'
import {
  anchorsAt,
  settled as done,
  interval,
  openRecord,
  pending,
  rangesOf,
  settlementOf,
  stateOf,
  t0,
  take,
  timeOf,
} from './state.fixture.js'
import { emptyState, type LedgerState } from './state.js'

const step = fc.record({
  /** How far the batch begins before what was delivered so far. */
  back: fc.constantFrom(-1, -1, -1, -1, -2, 0, 3, 9, 60),
  gaps: fc.array(fc.constantFrom(1, 1, 1, 2), { minLength: 1, maxLength: 5 }),
  fates: fc.array(fc.constantFrom('settled', 'settled', 'settled', 'settled', 'open', 'pending'), {
    minLength: 6,
    maxLength: 6,
  }),
  dies: fc.constantFrom(false, false, false, false, true),
})

const openAt = (offset: number): Disposition => ({
  kind: 'open',
  entry: {
    offset,
    attempts: 1,
    deaths: 0,
    convicted: false,
    givenUp: false,
    notBefore: 0,
    holds: 0,
    timestamp: offset,
    firstSeen: 1,
  },
})

it('what was delivered, lies above what was left, and is nowhere in the state, was settled', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 120 }), (steps) => {
      let state: LedgerState = emptyState
      const [delivered, settled] = [new Set<number>(), new Set<number>()]
      for (const [n, { back, gaps, fates, dies }] of steps.entries()) {
        let at = Math.max(0, state.delivered - back)
        const offsets = [at, ...gaps.map((gap) => (at += gap))]
        const records = offsets.map((offset) => ({ offset, timestamp: offset }))
        const now = (n + 1) * 1_000_000
        const taken = claim(state, { owner: `${n}`, now, leaseEnd: now + 1, records, delivery: 'at-least-once' })
        if (taken.kind === 'busy') throw new Error('busy')
        const { found } = taken
        state = taken.state
        for (const offset of offsets) delivered.add(offset)
        if (!dies) {
          const disposed = records.map((record, i) => {
            const fate = found.isDue(record.offset) ? fates[i] : 'settled'
            if (fate === 'settled') settled.add(record.offset)
            const disposition: Disposition = fate === 'open' ? openAt(record.offset) : { kind: fate ?? 'pending' }
            return { ...record, disposition }
          })
          const abandoned = found.abandoned.map(({ offset }) => offset)
          const rest = { withholds: true, delivery: 'at-least-once', abandoned } as const
          state = settle(state, { records: disposed, deliveredBefore: found.deliveredBefore, ...rest })
        }
        for (const offset of delivered) {
          const ranges = [state.crashed, state.claim?.inFlight ?? null].flatMap((one) => one ?? [])
          const isKnown =
            [state.settled, state.pending].some((list) => covers(list, offset)) ||
            state.open.some((entry) => entry.offset === offset) ||
            ranges.some(({ from, to }) => from <= offset && offset <= to)
          if (!isKnown && offset > state.left) expect(settled).toContain(offset)
        }
        if (
          steps
            .slice(0, n + 1)
            .every((one) => !one.dies && one.back < 0 && one.fates.every((fate) => fate === 'settled'))
        ) {
          expect(state.left).toBe(-1)
        }
      }
    }),
    { numRuns: 500 },
  )
})

describe('the highest offset that was left', () => {
  const settleAll = (facts: Partial<LedgerState>, offsets: readonly number[], abandoned: readonly number[] = []) => {
    const { state, found } = take(stateOf(facts), offsets)
    const { deliveredBefore } = found
    const all = offsets.map((offset) => [offset, done] as const)
    return settle(state, settlementOf(all, { deliveredBefore, withholds: true, abandoned }))
  }
  const pending3to9 = { pending: [{ from: 3, to: 9 }], delivered: 9 }

  it.each<[string, Partial<LedgerState>, readonly number[], number]>([
    ['is none where all is settled', {}, [0, 1, 2], -1],
    ['is none where a batch brings all that was pending', pending3to9, [3, 4, 5, 6, 7, 8, 9], -1],
    ['is the last of what was pending, where a batch reaches beyond it', pending3to9, [12], 9],
    ['is the last that the batch does not bring, of what it reaches beyond', pending3to9, [3, 7, 9], 8],
    ['is none of what is pending still, above the batch', pending3to9, [3, 4], -1],
    ['is that below the batch, where what is above it is pending still', pending3to9, [5, 6], 4],
    ['is the last of what crashed and does not come', { crashed: { from: 3, to: 9 }, delivered: 9 }, [12], 9],
    ['is none of what is crashed still', { crashed: { from: 3, to: 9 }, delivered: 9 }, [3, 4], -1],
    ['is what it was, where less is left now', { ...pending3to9, left: 20 }, [12], 20],
    ['is what it was, where nothing is unsettled', { left: 20, delivered: 20 }, [21], 20],
    [
      'is the higher of what is left in several places',
      { ...pending3to9, crashed: { from: 11, to: 14 }, delivered: 14 },
      [20],
      14,
    ],
    ['is not what is open still', { open: [openRecord(4)], crashed: { from: 4, to: 4 }, delivered: 4 }, [9], -1],
    ['is not what is settled', { settled: [interval(3, 9)], crashed: { from: 3, to: 9 } }, [12], -1],
    [
      'is below what is settled of it',
      { settled: [interval(6, 7)], crashed: { from: 3, to: 9 }, delivered: 9 },
      [8, 9],
      5,
    ],
  ])('%s', (_, facts, offsets, left) => {
    expect(settleAll(facts, offsets).left).toBe(left)
  })

  it('is an open record that left with its report as abandoned, if none above it did', () => {
    const facts = { open: [openRecord(3), openRecord(5)], delivered: 5 }
    expect([settleAll(facts, [9], [3]).left, settleAll(facts, [9], [3, 5]).left]).toEqual([3, 5])
  })

  it('is found in no time, however long the crashed range is', () => {
    const to = 2 ** 50
    const after = settleAll({ crashed: { from: 0, to }, delivered: to }, [0, 1])
    expect(after).toMatchObject({ left: -1, crashed: { from: 2, to } })
    expect(settleAll({ crashed: { from: 0, to }, delivered: to }, [to]).left).toBe(to - 1)
  })

  it('is known from a checkpoint on, as far as open and crashed records go', () => {
    const { state } = take(stateOf({ crashed: { from: 3, to: 9 }, delivered: 9 }), [5, 9])
    const half = settlementOf(
      [
        [5, done],
        [9, pending],
      ],
      { deliveredBefore: 9 },
    )
    const after = checkpoint(state, half, { leaseEnd: t0 + 1, marker: null })
    expect([after.left, after.crashed]).toEqual([8, { from: 9, to: 9 }])
    // Pending ranges stay as they are until the batch is settled.
    expect(checkpoint(stateOf(pending3to9), half, { leaseEnd: t0 + 1, marker: null }).left).toBe(-1)
  })

  it('is the last of what is forgotten for doubt', () => {
    const state = stateOf({ settled: [interval(0, 3), interval(10, 13), interval(20, 23)], delivered: 30 })
    const { state: claimed } = take(state, [2, 11, 30])
    expect([claimed.left, rangesOf(claimed.settled)]).toEqual([13, [[20, 23]]])
    expect(take({ ...state, left: 25 }, [11]).state.left).toBe(25)
    expect(take(state, [0, 3]).state.left).toBe(-1)
  })
})

it('a source partition is born with the first claim of its incarnation, and not again', () => {
  const first = take(emptyState, [0, 1]).state
  const second = take(first, [2, 3], { now: t0 + 5 }).state
  expect([first.born, second.born]).toEqual([t0, t0])
  const known = stateOf({ settled: [interval(0, 3)], born: 7 })
  expect(take(known, [2, 4]).state.born).toBe(7)
  const records = [...anchorsAt(0), { offset: 3, timestamp: timeOf(3) - 1 }]
  expect(take(known, [], { records }).state.born).toBe(t0)
  expect(take(stateOf({ delivered: 0, born: 7 }), [1]).state.born).toBe(7)
})
