import fc from 'fast-check'
import { expect, it } from 'vitest'
import { covers } from './intervals.js'
import { checkpoint, type Disposition, settle } from './settle.js'
import { openRecord, pending, settled, settlementOf, stateOf, t0, take, timeOf } from './state.fixture.js'
import type { Anchor, LedgerState } from './state.js'

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
