import fc from 'fast-check'
import { expect, it } from 'vitest'
import { claim } from './claim.js'
import { covers } from './intervals.js'
import { type Disposition, settle } from './settle.js'
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
