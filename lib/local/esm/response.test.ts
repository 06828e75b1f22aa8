import { describe, expect, it } from 'vitest'
import type { WireRecord } from '../../event/index.js'
import type { Records } from './event.js'
import { crash, ok, report } from './mapping.fixture.js'
import { decide, remainder } from './response.js'

const record = (partition: number, offset: number): WireRecord => ({
  topic: 'a-1.b',
  partition,
  offset,
  timestamp: 1,
  timestampType: 'CREATE_TIME',
  headers: [],
})

const records: Records = {
  'a-1.b-0': [record(0, 4), record(0, 7), record(0, 8)],
  'a-1.b-1': [record(1, 4)],
}

const answer = (payload: unknown) => decide(records, ok(payload), true, 'fail')
const items = (...identifiers: unknown[]) => ({
  batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })),
})

describe('an answer with partial responses on', () => {
  it.each([
    [null],
    [undefined],
    [{}],
    [{ batchItemFailures: [] }],
    [{ batchItemFailures: null }],
    [{ statusCode: 200 }],
  ])('%j settles the batch', (payload) => {
    expect(answer(payload)).toEqual({ kind: 'settled' })
  })

  it.each([
    ['an offset that was not in the event', items({ partition: 'a-1.b-0', offset: 5 })],
    ['a partition that was not', items({ partition: 'a-1.b-2', offset: 4 })],
    ['one known and one unknown id', items({ partition: 'a-1.b-0', offset: 4 }, { partition: 'a-1.b-1', offset: 7 })],
    ['an id that is text', items('a-1.b-0-4')],
    ['an offset that is text', items({ partition: 'a-1.b-0', offset: '4' })],
    ['a partition that is a number', items({ partition: 0, offset: 4 })],
    ['an id without value', items(null)],
    ['an item without id', { batchItemFailures: [{}] }],
    ['an item that is null', { batchItemFailures: [null] }],
    ['failures that are no list', { batchItemFailures: { partition: 'a-1.b-0', offset: 4 } }],
    ['text', 'fine'],
    ['a number', 1],
    ['a list', []],
  ])('with %s fails the whole batch', (_, payload) => {
    const decision = answer(payload)
    expect(decision).toMatchObject({ kind: 'failed' })
    expect(remainder(records, decision, 'reported-only')).toBe(records)
  })

  it('names the records that come again', () => {
    const decision = decide(records, report(['a-1.b-0', 7], ['a-1.b-0', 7]), true, 'fail')
    expect(decision).toEqual({ kind: 'partial', failures: new Map([['a-1.b-0', new Set([7])]]) })
    expect(remainder(records, decision, 'reported-only')).toEqual({ 'a-1.b-0': [record(0, 7)] })
    expect(remainder(records, decision, 'from-lowest')).toEqual({ 'a-1.b-0': [record(0, 7), record(0, 8)] })
  })

  it('of no known form settles the batch where the switch says so, and one with an unknown id never does', () => {
    expect(decide(records, ok('fine'), true, 'settle')).toEqual({ kind: 'settled' })
    expect(decide(records, ok(items('a-1.b-0-4')), true, 'settle')).toEqual({ kind: 'settled' })
    const unknown = ok(items({ partition: 'a-1.b-0', offset: 5 }))
    expect(decide(records, unknown, true, 'settle')).toMatchObject({ kind: 'failed', functionError: false })
  })

  it('is not read when the function did not succeed', () => {
    expect(decide(records, crash, true, 'fail')).toEqual({ kind: 'failed', reason: 'crash: gone', functionError: true })
  })
})

describe('with partial responses off', () => {
  it('any answer settles the batch, and only a failed invocation brings it again', () => {
    expect(decide(records, report(['a-1.b-0', 7]), false, 'fail')).toEqual({ kind: 'settled' })
    expect(decide(records, crash, false, 'fail')).toMatchObject({ kind: 'failed' })
  })
})
