import { describe, expect, it } from 'vitest'
import type { Header } from '../event/index.js'
import { traced, traceHeaders, traceOf } from './index.js'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const parentId = 'b7ad6b7169203331'
const valid = `00-${traceId}-${parentId}-01`

const headers = (...list: [key: string, value: string | null][]): Header[] =>
  list.map(([key, value]) => ({ key, value: value === null ? null : Buffer.from(value, 'latin1') }))
const parent = (value: string | null) => traceOf(headers(['traceparent', value]))
const state = (...values: string[]) =>
  traceOf(headers(['traceparent', valid], ...values.map((value): [string, string] => ['tracestate', value])))?.state
const texts = (list: readonly Header[]) => list.map(({ key, value }) => [key, value?.toString() ?? null])

describe('traceparent', () => {
  it.each([
    ['version 00', valid],
    ['a version to come', `cc-${traceId}-${parentId}-01`],
    ['a version to come, with more behind', `cc-${traceId}-${parentId}-01-what-the-future-will-be-like`],
  ])('is read: %s [K-15 partly]', (_what, value) => {
    expect(parent(value)).toEqual({ traceId, parentId, flags: 1, state: undefined })
  })

  it.each([
    ['nothing', ''],
    ['a null value', null],
    ['version ff', `ff-${traceId}-${parentId}-01`],
    ['version 00 with more behind', `${valid}-more`],
    ['version 00 with a dash behind', `${valid}-`],
    ['a version to come with no dash before what is behind', `cc-${traceId}-${parentId}-01.what`],
    ['upper case', valid.toUpperCase()],
    ['a version of one digit', valid.slice(1)],
    ['no hexadecimal version', `.0-${traceId}-${parentId}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${parentId}-01`],
    ['a short trace id', `00-${traceId.slice(1)}-${parentId}-01`],
    ['a long trace id', `00-${traceId}0-${parentId}-01`],
    ['a parent id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['a short parent id', `00-${traceId}-${parentId.slice(1)}-01`],
    ['flags of one digit', valid.slice(0, -1)],
    ['no hexadecimal flags', `00-${traceId}-${parentId}-.0`],
    ['space around it', ` ${valid} `],
    ['a line break behind it', `${valid}\n`],
  ])('is ignored: %s', (_what, value) => {
    expect(parent(value)).toBeUndefined()
  })

  it('is ignored where it comes twice, and read in whatever case its name is', () => {
    expect(traceOf(headers(['traceparent', valid], ['TraceParent', valid]))).toBeUndefined()
    expect(traceOf(headers(['TRACEPARENT', valid]))?.traceId).toBe(traceId)
    expect(traceOf(headers(['trace-parent', valid]))).toBeUndefined()
  })
})

describe('tracestate', () => {
  it('is that of all its headers, in their order, without space around members and without empty ones', () => {
    expect(state('foo=1,bar= 2', ' rojo=3\t,, ', 'baz=4')).toBe('foo=1,bar= 2,rojo=3,baz=4')
  })

  it.each([
    ['all signs a key may have', 'a0_-*/@z=1'],
    ['a key of a tenant', '0tenant@vendor=1'],
    ['a key of 256 and a value of 256 signs', `${'k'.repeat(256)}=${'v'.repeat(256)}`],
    ['all signs a value may have', 'k=!"#$%&\'()*+-./0:;<>?@A[\\]^_`a{|}~'],
  ])('is kept: %s', (_what, value) => {
    expect(state(value)).toBe(value)
  })

  it.each([
    ['nothing', ''],
    ['a key without a value', 'foo'],
    ['an empty value', 'foo='],
    ['an empty key', '=1'],
    ['an upper-case key', 'Foo=1'],
    ['a key of 257 signs', `${'k'.repeat(257)}=1`],
    ['a value of 257 signs', `k=${'v'.repeat(257)}`],
    ['a space in a key', 'foo bar=1'],
    ['two equal signs', 'foo=1=2'],
    ['a sign that is not ASCII', 'foo=é'],
    ['33 members', Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(',')],
    ['one bad member among good ones', 'foo=1,bar,baz=2'],
  ])('is ignored, and the trace is not: %s', (_what, value) => {
    expect(traceOf(headers(['traceparent', valid], ['tracestate', value]))).toEqual({
      traceId,
      parentId,
      flags: 1,
      state: undefined,
    })
  })

  it('is nothing without its parent', () => {
    expect(traceOf(headers(['tracestate', 'foo=1']))).toBeUndefined()
  })
})

describe('The headers of what is produced', () => {
  const trace = { traceId, parentId, flags: 0xff, state: 'foo=1' }

  it('keep trace id, state and the flags that version 00 knows, with a parent id of their own', () => {
    const [first, second] = texts(traceHeaders(trace, 'orders:0:1#0'))
    expect(first?.[1]).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-03$`))
    expect(first?.[1]).not.toContain(parentId)
    expect(second).toEqual(['tracestate', 'foo=1'])
    expect(texts(traceHeaders({ ...trace, state: undefined }, 'orders:0:1#0'))).toEqual([first])
  })

  it('are the same each time, and others for another output [P-17 partly]', () => {
    const ofId = (id: string) => texts(traceHeaders(trace, id))
    expect(ofId('orders:0:1#0')).toEqual(ofId('orders:0:1#0'))
    expect(ofId('orders:0:1#0')).not.toEqual(ofId('orders:0:1#1'))
  })

  it('are those of the source, unless the output has its own', () => {
    const source = headers(['traceparent', valid], ['tracestate', 'foo=1'])
    const own = headers(['a', '1'], ['a', null])
    expect(texts(traced(own, source, 'id'))).toEqual([
      ['a', '1'],
      ['a', null],
      ...texts(traceHeaders({ traceId, parentId, flags: 1, state: 'foo=1' }, 'id')),
    ])
    const parented = headers(['Traceparent', 'mine'])
    expect(traced(parented, source, 'id')).toBe(parented)
    expect(traced(own, [], 'id')).toBe(own)
    expect(traced(own, headers(['traceparent', 'malformed']), 'id')).toBe(own)
  })

  it('do not keep a state whose parent the output has not', () => {
    const source = headers(['traceparent', valid])
    expect(texts(traced(headers(['tracestate', 'alone=1']), source, 'id')).map(([key]) => key)).toEqual(['traceparent'])
  })
})
