import { describe, expect, it } from 'vitest'
import type { Pair } from './case.js'
import { type Allowance, compare } from './compare.js'
import { judge } from './judge.js'

const answered = (id: string, embedded: unknown, real: unknown): Pair => ({
  id,
  embedded: { answer: embedded },
  real: { answer: real },
})
const allowance = (more: Partial<Allowance>): Allowance => ({
  id: 'why',
  case: 'a: *',
  path: '**.message',
  reason: 'because',
  source: 'here',
  ...more,
})

const good = { error: 0, message: 'fine', topics: [{ name: 't', offsets: ['1', '2'] }] }

describe('the comparison of what both sides answered', () => {
  it('finds nothing where every field is the same', () => {
    expect(compare([answered('a: one', good, structuredClone(good))], [])).toMatchObject({ equal: 1, unexplained: [] })
  })

  it.each<[string, unknown, string, unknown, unknown]>([
    ['another error code', { ...good, error: 3 }, 'error', 3, 0],
    ['a field that is not there', { error: 0, message: 'fine' }, 'topics', '<absent>', good.topics],
    ['a field too many', { ...good, more: {} }, 'more', {}, '<absent>'],
    ['a list cut short', { ...good, topics: [{ name: 't', offsets: ['1'] }] }, 'topics.0.offsets.1', '<absent>', '2'],
    [
      'a number in place of a text',
      { ...good, topics: [{ name: 't', offsets: [1, '2'] }] },
      'topics.0.offsets.0',
      1,
      '1',
    ],
    ['an empty object in place of an empty list', { ...good, topics: {} }, 'topics', {}, good.topics],
    ['null', null, '', null, good],
  ])('finds a doctored answer: %s', (_, doctored, path, embedded, real) => {
    const { failures, unexplained, passed } = judge([answered('a: one', doctored, good)], [])
    expect(unexplained).toEqual([{ case: 'a: one', path, embedded, real }])
    expect(failures).toHaveLength(1)
    expect(passed).toBe(0)
  })

  it('lets pass what is allowed, and tells why', () => {
    const pairs = [answered('a: one', { ...good, message: 'good' }, good), answered('a: two', good, good)]
    const { failures, passed, allowed, equal, tolerated } = judge(pairs, [allowance({})])
    expect([failures, passed, equal, tolerated]).toEqual([[], 2, 1, 1])
    expect(allowed).toEqual([{ id: 'why', reason: 'because', source: 'here', cases: ['a: one'] }])
  })

  it.each<[string, Partial<Allowance>]>([
    ['of another case', { case: 'b: *' }],
    ['of another field', { path: 'topics.**' }],
    ['for other answers', { when: (_, real) => real === null }],
  ])('does not take an allowance %s, and calls it stale', (_, more) => {
    const { failures, unexplained, stale } = judge(
      [answered('a: one', { ...good, message: 'good' }, good)],
      [allowance(more)],
    )
    expect(unexplained).toHaveLength(1)
    expect(stale).toEqual(['why'])
    expect(failures).toHaveLength(2)
  })

  it('fails on an allowance that nothing needs any more', () => {
    const { failures, passed } = judge([answered('a: one', good, good)], [allowance({})])
    expect(failures).toEqual(['allowed and no longer so: why'])
    expect(passed).toBe(1)
  })

  it('takes a case that breaks on one side for a difference, and one that breaks on both for broken', () => {
    const one: Pair = { id: 'a: one', embedded: { broke: 'Error: no' }, real: { answer: good } }
    const both: Pair = { id: 'a: both', embedded: { broke: 'Error: no' }, real: { broke: 'Error: never' } }
    const { failures, passed, broken } = judge([one, both], [])
    expect(failures).toEqual([
      'a: one at : embedded "Error: no", real "<an answer>"',
      'broken on both sides: a: both: Error: never',
    ])
    expect([passed, broken]).toEqual([0, ['a: both: Error: never']])
  })
})

describe('what both sides draw', () => {
  const ids = ['one', 'two'].map((name, i) => `${name}-0000000${i}-0000-4000-8000-000000000000`)
  const others = ['one', 'two'].map((name, i) => `${name}-1111111${i}-0000-4000-8000-000000000000`)
  const group = ([a, b]: readonly (string | undefined)[]) => ({
    leaderId: a,
    members: [{ memberId: a }, { memberId: b }],
  })

  it('is the same wherever the same stands for the same', () => {
    expect(judge([answered('a: one', group(ids), group(others))], []).failures).toEqual([])
  })

  it('differs where one side has mixed them up', () => {
    const mixed = { ...group(ids), leaderId: ids[1] }
    expect(judge([answered('a: one', mixed, group(others))], []).failures).not.toEqual([])
  })

  it('has to look like it', () => {
    expect(judge([answered('a: one', { memberId: '' }, { memberId: others[0] })], []).failures).toHaveLength(1)
    expect(judge([answered('a: one', { producerId: '-1' }, { producerId: '7' })], []).failures).toHaveLength(1)
  })
})
