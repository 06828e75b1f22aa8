import { describe, expect, it } from 'vitest'
import { compileFilters } from './index.js'

const filters = (...patterns: unknown[]) => ({
  Filters: patterns.map((pattern) => ({ Pattern: typeof pattern === 'string' ? pattern : JSON.stringify(pattern) })),
})

/** Whether a value passes a pattern that drops what it cannot read; values that are no text are sent as JSON. */
function passes(pattern: unknown, value: unknown): boolean {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return compileFilters(filters(pattern), 'M', 'drop')?.(Buffer.from(text)) ?? false
}

const value = (fields: unknown) => ({ value: fields })

describe('a pattern of JSON', () => {
  it.each([
    ['equals a string', { a: ['x'] }, [{ a: 'x' }], [{ a: 'X' }, { a: 'xx' }, {}, { a: { x: 1 } }]],
    ['equals one of several', { a: ['x', 1, true] }, [{ a: 1 }, { a: true }], [{ a: '1' }, { a: false }]],
    ['null', { a: [null] }, [{ a: null }], [{}, { a: '' }, { a: 'null' }]],
    ['an empty string', { a: [''] }, [{ a: '' }], [{ a: null }, {}, { a: ' ' }]],
    ['a prefix', { a: [{ prefix: 'us-' }] }, [{ a: 'us-east' }], [{ a: 'US-east' }, { a: 'bus-' }, { a: 1 }]],
    ['a prefix in any case', { a: [{ prefix: { 'equals-ignore-case': 'US' } }] }, [{ a: 'us-1' }], [{ a: 'bus' }]],
    ['a suffix', { a: [{ suffix: '.png' }] }, [{ a: 'x.png' }], [{ a: 'x.PNG' }, { a: 'png.' }]],
    ['any case', { a: [{ 'equals-ignore-case': 'AlicE' }] }, [{ a: 'alice' }, { a: 'ALICE' }], [{ a: 'alicea' }]],
    ['anything but a value', { a: [{ 'anything-but': 'x' }] }, [{ a: 'y' }, { a: 1 }, { a: null }], [{ a: 'x' }, {}]],
    ['anything but several', { a: [{ 'anything-but': ['x', 2] }] }, [{ a: '2' }], [{ a: 'x' }, { a: 2 }]],
    ['anything but a prefix', { a: [{ 'anything-but': { prefix: 'x' } }] }, [{ a: 'y' }], [{ a: 'xy' }]],
    ['anything but suffixes', { a: [{ 'anything-but': { suffix: ['a', 'b'] } }] }, [{ a: 'c' }], [{ a: 'xb' }]],
    ['numeric equality', { a: [{ numeric: ['=', 100] }] }, [{ a: 100 }, '{"a":100.0}', '{"a":1e2}'], [{ a: '100' }]],
    ['a lower limit', { a: [{ numeric: ['>=', 5] }] }, [{ a: 5 }, { a: 6 }], [{ a: 4.9 }, {}]],
    ['a range', { a: [{ numeric: ['>', 10, '<=', 20] }] }, [{ a: 20 }, { a: 10.5 }], [{ a: 10 }, { a: 21 }]],
    ['a negative number', { a: [{ numeric: ['<', -1] }] }, [{ a: -2 }], [{ a: 0 }]],
    ['existence', { a: [{ exists: true }] }, [{ a: null }, { a: '' }, { a: 0 }], [{}, { b: 1 }, { a: { b: 1 } }]],
    ['absence', { a: [{ exists: false }] }, [{}, { b: 1 }], [{ a: null }, { a: 1 }]],
    ['absence of a parent too', { a: { b: [{ exists: false }] } }, [{}, { a: { c: 1 } }], [{ a: { b: 1 } }]],
    ['absence or a value', { a: [{ exists: false }, 'x'] }, [{}, { a: 'x' }], [{ a: 'y' }]],
    ['both fields', { a: ['x'], b: [1] }, [{ a: 'x', b: 1 }], [{ a: 'x' }, { a: 'x', b: 2 }]],
    ['one of two fields', { $or: [{ a: ['x'] }, { b: [1] }] }, [{ a: 'x' }, { b: 1 }], [{ a: 'y', b: 2 }]],
    ['$or beside a field', { c: [1], $or: [{ a: [1] }, { b: [1] }] }, [{ c: 1, b: 1 }], [{ c: 1 }, { a: 1, b: 1 }]],
    ['a nested field', { a: { b: { c: ['x'] } } }, [{ a: { b: { c: 'x' } } }], [{ a: { b: 'x' } }, { a: 'x' }]],
    ['an element of a list', { a: ['x'] }, [{ a: ['w', 'x'] }, { a: [['x']] }], [{ a: ['w'] }, { a: [] }]],
    [
      'fields of the same element',
      { a: { b: [1], c: [2] } },
      [{ a: [{ b: 9 }, { b: 1, c: 2 }] }],
      [{ a: [{ b: 1 }, { c: 2 }] }],
    ],
    ['an element of a list of objects', { b: [1] }, ['[{"b":2},{"b":1}]'], ['[{"b":2}]', '[]']],
  ])('passes %s', (_, pattern, passing, failing) => {
    for (const one of passing) expect(passes(value(pattern), one), JSON.stringify(one)).toBe(true)
    for (const one of failing) expect(passes(value(pattern), one), JSON.stringify(one)).toBe(false)
  })

  it('compares numbers as they are written, but not in ranges', () => {
    expect(['300', '300.0', '3.0e2'].map((number) => passes(value({ a: [300] }), `{"a":${number}}`))).toEqual([
      true,
      false,
      false,
    ])
    expect(passes('{"value":{"a":[3.0e2]}}', '{"a":3.0e2}')).toBe(true)
    expect(passes(value({ a: ['n300', 's'] }), { a: 's' })).toBe(true)
  })

  it('is not misled by strings that look like numbers, escapes, or names of the language', () => {
    const odd = { 'a"b': '1 "2": 3', constructor: 'x', n1: 'n1', '\\': '\\' }
    expect(passes(value({ 'a"b': ['1 "2": 3'], n1: ['n1'], '\\': ['\\'] }), odd)).toBe(true)
    expect(passes(value({ toString: [{ exists: true }] }), odd)).toBe(false)
    expect(passes(value({ a: [1] }), { a: 'n1' })).toBe(false)
  })

  it('reads values of megabytes', () => {
    expect(passes(value({ b: [2] }), { a: '\\"é'.repeat(1_000_000), b: 2 })).toBe(true)
  })
})

describe('a pattern of text', () => {
  it('has rules for the whole value', () => {
    expect(['fine', 'fin', 'x.txt', '5'].map((text) => passes(value(['fine', { suffix: '.txt' }]), text))).toEqual([
      true,
      false,
      true,
      false,
    ])
    expect(passes({ $or: [value(['a']), value(['b'])] }, 'b')).toBe(true)
  })

  it.each([
    ['text where the pattern is of JSON', value({ a: [1] }), Buffer.from('text')],
    ['JSON where it is of text', value(['text']), Buffer.from('{"a":1}')],
    ['bytes that are no UTF-8', value(['text']), Buffer.from([0xff, 0xfe])],
    ['no value at all', value({ a: [1] }), null],
  ])('cannot judge %s: the record passes, or is dropped where the switch says so', (_, pattern, bytes) => {
    expect(compileFilters(filters(pattern), 'M', 'pass')?.(bytes)).toBe(true)
    expect(compileFilters(filters(pattern), 'M', 'drop')?.(bytes)).toBe(false)
  })
})

describe('filters', () => {
  it('are alternatives, none of them is no filter, and one without a rule passes all', () => {
    const either = compileFilters(filters(value({ a: [1] }), value({ b: [1] })), 'M', 'drop')
    expect(['{"a":1}', '{"b":1}', '{"c":1}'].map((text) => either?.(Buffer.from(text)))).toEqual([true, true, false])
    expect(compileFilters({ Filters: [] }, 'M', 'drop')).toBeUndefined()
    expect(passes('{}', 'anything')).toBe(true)
  })

  it.each([
    ['another key than value', { key: ['a'] }, 'Lambda filters by "value" alone'],
    ['another key inside $or', { $or: [{ value: ['a'] }, { topic: ['a'] }] }, '"topic"'],
    ['an operator that is none', value({ a: [{ wildcard: '*' }] }), 'value.a has the operator "wildcard"'],
    ['two operators in one rule', value({ a: [{ prefix: 'a', suffix: 'b' }] }), 'an object of one operator'],
    ['a list as a rule', value({ a: [['x']] }), 'an object of one operator'],
    ['a value that is no list', value({ a: 'x' }), 'value.a is "x"; a field wants a list of rules'],
    ['no rule', value({ a: [] }), 'value.a has no rule'],
    ['an empty object', value({ a: {} }), 'value.a is {}'],
    ['a prefix that is a number', value({ a: [{ prefix: 1 }] }), '"prefix" of value.a wants a string'],
    ['exists without a boolean', value({ a: [{ exists: 'yes' }] }), '"exists" of value.a wants true or false'],
    ['a comparison that is none', value({ a: [{ numeric: ['!', 1] }] }), '"numeric" of value.a'],
    ['a comparison with text', value({ a: [{ numeric: ['>', '1'] }] }), '"numeric" of value.a'],
    ['a range the wrong way round', value({ a: [{ numeric: ['<', 1, '>', 0] }] }), '"numeric" of value.a'],
    ['no comparison', value({ a: [{ numeric: [] }] }), '"numeric" of value.a'],
    ['anything but nothing', value({ a: [{ 'anything-but': [] }] }), '"anything-but" of value.a'],
    ['anything but a range', value({ a: [{ 'anything-but': { numeric: ['=', 1] } }] }), '"anything-but" of value.a'],
    ['$or of one', { $or: [value(['a'])] }, 'at least two patterns'],
    ['a pattern that is no object', '["a"]', 'give a JSON object'],
    ['a pattern that is no JSON', '{', 'JSON'],
    ['a pattern of 4,097 characters', `{"value":["${'x'.repeat(4097 - 14)}"]}`, 'has 4097 characters'],
  ])('are refused with %s', (_, pattern, why) => {
    const refused = () => compileFilters(filters(pattern), 'OrdersMapping', 'pass')
    expect(refused).toThrow(/^ML_LOCAL_FILTER_INVALID: filter 1 of the mapping OrdersMapping: /)
    expect(refused).toThrow(why)
  })

  it('are refused when there are more than 10, or no list', () => {
    const many = filters(...Array.from({ length: 11 }, () => value(['a'])))
    expect(() => compileFilters(many, 'M', 'pass')).toThrow('has 11 filters; Lambda takes up to 10')
    expect(() => compileFilters({}, 'M', 'pass')).toThrow('give it a list of Filters')
    expect(() => compileFilters({ Filters: [{}] }, 'M', 'pass')).toThrow('filter 1 of the mapping M: give it a Pattern')
  })
})
