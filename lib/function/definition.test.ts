import { describe, expect, it } from 'vitest'
import { kafkaFunction } from './index.js'

/** As plain JavaScript calls it. */
const defined = kafkaFunction as unknown as (...given: unknown[]) => unknown
const batch = kafkaFunction.batch as unknown as (...given: unknown[]) => unknown
const handler = () => undefined

describe('a definition that lacks something', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'the handler',
      () => defined({}),
      /the handler of kafkaFunction is undefined; write kafkaFunction\(\{\}, \(record/,
    ],
    ['all', () => defined(), /the options of kafkaFunction are undefined; write/],
    ['the options', () => defined(handler), /the options of kafkaFunction are a function; write kafkaFunction\(\{\}, /],
    ['options that are none', () => defined(undefined, handler), /the options of kafkaFunction are undefined/],
    ['options that are null', () => defined(null, handler), /the options of kafkaFunction are null/],
    ['a handler that is one', () => defined({}, { handler }), /the handler of kafkaFunction is an object/],
    [
      'the handler of a batch',
      () => batch({}),
      /the handler of kafkaFunction\.batch is undefined; write .*outcome: ok/,
    ],
    ['the options of a batch', () => batch(handler), /the options of kafkaFunction\.batch are a function/],
    ['an option that exists', () => defined({ ordr: 'key' }, handler), /ordr is no option of kafkaFunction; .*order,/],
  ])('is refused at once, with what to write: %s', (_, define, what) => {
    expect(define).toThrow('ML_OPTION_INVALID')
    expect(define).toThrow(what)
  })

  it('is none with both', () => {
    expect(() => [defined({}, handler), batch({}, handler)]).not.toThrow()
  })
})
