import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { bytes, json, text, textReaderOf } from './index.js'

const Order = z.object({ orderId: z.string(), cents: z.int() })
const buffer = (value: string) => Buffer.from(value)

describe('json', () => {
  it('reads JSON in UTF-8 [R-28]', async () => {
    expect(await json().decode(buffer('{"a":"ë"}'))).toEqual({ a: 'ë' })
  })

  it('answers what the schema makes of the value', async () => {
    expect(await json(Order).decode(buffer('{"orderId":"o","cents":5,"more":1}'))).toEqual({ orderId: 'o', cents: 5 })
  })

  it('waits for a schema that validates asynchronously', async () => {
    const Late = z.pipe(
      z.string(),
      z.transform(async (value) => value.length),
    )
    expect(await json(Late).decode(buffer('"four"'))).toBe(4)
  })

  it.each<[unknown, string]>([
    [{ type: 'object' }, 'an object'],
    [null, 'null'],
    [() => true, 'a function'],
  ])('refuses %o at once, which is no Standard Schema and would validate nothing', (schema, kind) => {
    expect(() => json(schema as never)).toThrow(
      new RegExp(`ML_OPTION_INVALID: .* ${kind} that is no Standard Schema.*zod, valibot, arktype`),
    )
  })

  it.each([
    ['bad JSON', buffer('{"a":'), 'ML_DECODE_JSON'],
    ['empty bytes', buffer(''), 'ML_DECODE_JSON'],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'ML_DECODE_UTF8'],
    [
      'what the schema refuses',
      buffer('{"orderId":1,"cents":5}'),
      'ML_RECORD_INVALID: the schema refuses the value: orderId',
    ],
    ['a tombstone, unless the schema takes null', null, 'ML_RECORD_INVALID: the record is a tombstone'],
  ])('refuses %s [P-01, P-02 partly]', async (_, value, code) => {
    await expect(async () => json(Order).decode(value)).rejects.toThrow(code)
  })

  it('keeps the cause of a parse error', () => {
    expect(() => json().decode(buffer('nope'))).toThrow(expect.objectContaining({ cause: expect.any(SyntaxError) }))
  })

  it('gives a tombstone to a schema that takes null', async () => {
    expect(await json(z.nullable(Order)).decode(null)).toBeNull()
  })
})

describe('text', () => {
  it('reads UTF-8 and leaves null null', () => {
    expect(text().decode(buffer('ë'))).toBe('ë')
    expect(text().decode(buffer(''))).toBe('')
    expect(text().decode(null)).toBeNull()
  })

  it('refuses invalid bytes rather than replace them (PEERS, defect 12)', () => {
    expect(() => text().decode(Buffer.from([0xc3]))).toThrow('ML_DECODE_UTF8')
  })
})

it('bytes leaves everything as it is', () => {
  const value = Buffer.from([0, 255])
  expect(bytes().decode(value)).toBe(value)
  expect(bytes().decode(null)).toBeNull()
})

describe('the reader of ASCII text', () => {
  it('reads what decode does', async () => {
    expect(await textReaderOf(json())?.('{"n":1}')).toEqual({ n: 1 })
    expect(await textReaderOf(text())?.('a')).toBe('a')
    expect(await textReaderOf(text())?.(null)).toBeNull()
    expect(() => textReaderOf(json())?.('nope')).toThrow('ML_DECODE_JSON')
  })

  it('goes with its decode, not with a codec that is spread into one of another decode', () => {
    expect(textReaderOf({ ...json(), name: 'mine' })).toBeDefined()
    expect(textReaderOf({ ...json(), decode: () => 1 })).toBeUndefined()
    expect(textReaderOf(bytes())).toBeUndefined()
  })
})
