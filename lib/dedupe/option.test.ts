import { describe, expect, it } from 'vitest'
import { type IdempotencyOption, readIdempotency } from './option.js'
import { encodeResult } from './result.js'

const read = (option: unknown) => readIdempotency(option as IdempotencyOption<{ id: unknown }>)
const id = ({ id }: { id: unknown }) => id

describe('the option idempotencyKey', () => {
  it('has defaults', () => {
    const expected = { scope: 'group', ttlSeconds: 3_600, onDuplicate: undefined }
    expect(read(id)).toMatchObject(expected)
    expect(read({ key: id })).toMatchObject(expected)
    expect(read({ key: id, scope: 'partition', ttlSeconds: 31_536_000, optional: true })).toMatchObject({
      scope: 'partition',
      ttlSeconds: 31_536_000,
    })
  })

  it.each([
    ['no function', 'orderId'],
    ['nothing', null],
    ['no key', {}],
    ['an unknown name', { key: id, ttl: 5 }],
    ['an unknown scope', { key: id, scope: 'topic' }],
    ['no time to live', { key: id, ttlSeconds: 0 }],
    ['a time to live that is too long', { key: id, ttlSeconds: 31_536_001 }],
    ['half a second', { key: id, ttlSeconds: 1.5 }],
    ['a flag that is none', { key: id, optional: 'yes' }],
    ['a function for duplicates that is none', { key: id, onDuplicate: true }],
    ['first results by partition', { key: id, scope: 'partition', onDuplicate: () => {} }],
  ])('is refused with %s', (_, option) => {
    expect(() => read(option)).toThrow('ML_OPTION_INVALID: the option idempotencyKey')
  })

  it.each([undefined, null, ''])('takes a missing key (%s) for an error, unless it is declared optional', (missing) => {
    expect(() => read(id).keyOf({ id: missing })).toThrow('ML_IDEMPOTENCY_KEY_MISSING')
    expect(read({ key: id, optional: true }).keyOf({ id: missing })).toBeUndefined()
  })

  it.each([7, {}, Promise.resolve('x'), Symbol('x')])('takes a key that is no text for an error (%#)', (wrong) => {
    expect(() => read({ key: id, optional: true }).keyOf({ id: wrong })).toThrow('ML_IDEMPOTENCY_KEY_INVALID')
  })

  it('gives the key that the function gives, and throws what it throws', () => {
    expect(read(id).keyOf({ id: 'o-1' })).toBe('o-1')
    const fails = read(() => {
      throw new RangeError('no such field')
    })
    expect(() => fails.keyOf({ id: 1 })).toThrow(RangeError)
  })
})

describe('a first result', () => {
  it('is JSON of at most 64 KB', () => {
    expect(encodeResult({ charged: 5 })).toBe('{"charged":5}')
    expect(encodeResult('x'.repeat(65_534))).toHaveLength(65_536)
    const circular: { self?: unknown } = {}
    circular.self = circular
    for (const wrong of ['ü'.repeat(32_768), undefined, () => 1, 5n, circular]) {
      expect(() => encodeResult(wrong)).toThrow('ML_RESULT_INVALID')
    }
  })
})
