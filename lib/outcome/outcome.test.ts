import { expect, expectTypeOf, it } from 'vitest'
import type { Handler } from '../index.js'
import { checkedOutcome, drop, fallback, ok, retry } from './index.js'

it('takes nothing returned for ok [K-07]', () => {
  expect(checkedOutcome(undefined)).toBe(ok())
})

it('lets outcomes through with their reasons', () => {
  expect([retry('a'), fallback('b'), drop('c')].map(checkedOutcome)).toMatchObject([
    { status: 'retry', reason: 'a' },
    { status: 'fallback', reason: 'b' },
    { status: 'drop', reason: 'c' },
  ])
})

it.each([
  [null],
  [0],
  [''],
  [true],
  ['ok'],
  [{}],
  [{ status: 'ok' }],
  [{ status: 'retry', reason: 'r' }],
  [[]],
  [() => ok()],
])('refuses %o, which is no outcome', (value) => {
  expect(() => checkedOutcome(value)).toThrow('ML_OUTCOME_UNKNOWN')
})

it('is refused by the types where a handler returns something else', () => {
  expectTypeOf<() => Promise<{ status: string }>>().not.toExtend<Handler>()
  expectTypeOf<() => number>().not.toExtend<Handler>()
  expectTypeOf<() => null>().not.toExtend<Handler>()
  expectTypeOf<() => Promise<void>>().toExtend<Handler>()
  expectTypeOf<() => undefined>().toExtend<Handler>()
  expectTypeOf<() => ReturnType<typeof ok>>().toExtend<Handler>()
  // Or the record would be its own output.
  expectTypeOf<typeof ok>().not.toExtend<Handler>()
})
