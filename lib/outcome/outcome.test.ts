import { expect, expectTypeOf, it } from 'vitest'
import type { Handler } from '../index.js'
import { checkedOutcome, drop, fallback, type HoldOptions, hold, type Outcome, ok, retry } from './index.js'

it('takes nothing returned for ok [K-07]', () => {
  expect(checkedOutcome(undefined)).toBe(ok())
})

it('lets outcomes through with their reasons', () => {
  expect([retry('a'), fallback('b'), drop('c')].map((one) => checkedOutcome(one))).toMatchObject([
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

it('takes an output, or several, as they are', () => {
  expect(checkedOutcome(ok({ value: 1 }))).toMatchObject({ outputs: [{ value: 1 }] })
  expect(checkedOutcome(ok([{ value: 1 }, { key: 'k', value: null }]))).toMatchObject({
    outputs: [{ value: 1 }, { key: 'k', value: null }],
  })
  expect(checkedOutcome(ok([]))).toMatchObject({ outputs: [] })
})

it.each<[Outcome, string]>([
  [ok('text' as never), 'an output is an object with a value'],
  [ok([{ value: 1 }, {} as never]), 'an output is an object with a value'],
])('refuses %o: an output has a value', (outcome, why) => {
  expect(() => checkedOutcome(outcome)).toThrow(why)
})

it('holds for a time, or until one', () => {
  const until = new Date(1_800_000_000_000)
  const held = [
    hold({ reason: 'r', forMs: 0 }),
    hold({ reason: 'r', until }),
    hold({ reason: 'r', until: 5, maxDeliveries: 2 }),
  ]
  expect(held.map((one) => checkedOutcome(one))).toMatchObject([
    { status: 'hold', reason: 'r', time: { forMs: 0 } },
    { time: { untilMs: 1_800_000_000_000 } },
    { time: { untilMs: 5 }, maxDeliveries: 2 },
  ])
})

it.each<[object, string]>([
  [{ forMs: 1 }, 'reason'],
  [{ reason: '', forMs: 1 }, 'reason'],
  [{ reason: 7, forMs: 1 }, 'reason'],
  [{ reason: 'r' }, 'no time'],
  [{ reason: 'r', forMs: 1, until: 1 }, 'two times'],
  ...[Number.NaN, -1, Number.POSITIVE_INFINITY, '5', null].map((forMs): [object, string] => [
    { reason: 'r', forMs },
    'the time',
  ]),
  [{ reason: 'r', until: new Date(Number.NaN) }, 'the time'],
  ...[0, 1.5, Number.NaN, '3'].map((maxDeliveries): [object, string] => [
    { reason: 'r', forMs: 1, maxDeliveries },
    'maxDeliveries',
  ]),
])('refuses hold(%o): ML_OUTCOME_UNKNOWN that names the %s [K-10 partly]', (options, what) => {
  expect(() => checkedOutcome(hold(options as HoldOptions))).toThrow(new RegExp(`ML_OUTCOME_UNKNOWN: .*${what}`))
})

it.each([
  [{ status: 'retry', reason: 'card 4711' }, 'an object of the status "retry", which is no outcome'],
  [{ status: 'DE89 3704 0044' }, 'an object, which is no outcome'],
  [{ status: 404 }, 'an object, which is no outcome'],
])('says of what record %o was returned, and of its status where that is a word', (returned, what) => {
  expect(() => checkedOutcome(returned, { id: 't:0:7' })).toThrow(
    `ML_OUTCOME_UNKNOWN: the handler returned for t:0:7 ${what}; return nothing, or ok()`,
  )
})

it.each([
  [undefined],
  [null],
  ['later'],
])('refuses hold(%o) as an outcome, not by a TypeError of its own', (options) => {
  expect(() => checkedOutcome(hold(options as never))).toThrow(/ML_OUTCOME_UNKNOWN: .*reason/)
})

it('refuses an outcome of a status that only another release knows', () => {
  expect(() => checkedOutcome({ ...ok(), status: 'serve' })).toThrow(
    'ML_OUTCOME_UNKNOWN: the handler returned an outcome of the status "serve"',
  )
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
