import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WireRecord } from '../../event/index.js'
import { jsonBytes, recordBytes, wireRecord } from './event.js'

describe('the size of a record', () => {
  const base64 = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64'))
  const signed = fc.array(fc.integer({ min: -128, max: 127 }), { maxLength: 5 })
  const record = fc.record(
    {
      topic: fc.stringMatching(/^[\w.-]{1,20}$/),
      partition: fc.nat(),
      offset: fc.maxSafeNat(),
      timestamp: fc.maxSafeNat(),
      timestampType: fc.constantFrom<WireRecord['timestampType']>('CREATE_TIME', 'LOG_APPEND_TIME'),
      key: base64,
      value: base64,
      headers: fc.array(fc.dictionary(fc.string(), fc.option(signed), { minKeys: 1, maxKeys: 1 }), { maxLength: 3 }),
    },
    { requiredKeys: ['topic', 'partition', 'offset', 'timestamp', 'timestampType', 'headers'] },
  )

  it('is that of its JSON, to the byte', () => {
    fc.assert(fc.property(record, (one) => recordBytes(one) === jsonBytes(one)))
    expect(fc.sample(record, 100).some(({ key, headers }) => key === undefined && headers.length > 0)).toBe(true)
  })
})

it.each([
  ['null', null],
  ['empty', []],
] as const)('a header without a value is %s, as the switch says', (nullHeader, expected) => {
  const headers = { trace: null as unknown as Buffer }
  const message = { offset: '0', timestamp: '1', attributes: 0, key: null, value: null, headers }
  expect(wireRecord('t', 0, message, nullHeader).headers).toEqual([{ trace: expected }])
})
