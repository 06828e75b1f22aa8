import { expect, it } from 'vitest'
import { settle } from './settle.js'
import { interval, pending, settled, settlementOf, stateOf, t0, take, timeOf } from './state.fixture.js'

it('at most once, a record newer than all that is settled is no proof of another topic: only an anchor is', () => {
  const state = stateOf({ settled: [interval(0, 9)] })
  const records = [{ offset: 4, timestamp: timeOf(9) + 1 }]
  const { found } = take(state, [], { delivery: 'at-most-once', records })
  expect([found.recreated, [...found.todo]]).toEqual([false, []])
})

it('a record whose time was to come when it was settled, and has come, is run again: a new topic’s would look the same (rule 8)', () => {
  const early = { offset: 0, timestamp: t0 + 11 * 60_000 }
  const punctual = { offset: 1, timestamp: t0 }
  const records = [early, punctual]
  const { state } = take(stateOf({}), [], { records })
  const after = settle(
    state,
    settlementOf([], {
      records: [
        { ...early, disposition: settled },
        { ...punctual, disposition: pending },
      ],
    }),
  )
  const again = take(after, [], { records, now: t0 + 2 * 60_000 })
  expect([again.found.recreated, [...again.found.todo]]).toEqual([true, [0, 1]])
})
