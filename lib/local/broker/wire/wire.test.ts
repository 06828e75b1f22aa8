import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MalformedRequest, Reader } from './reader.js'
import { Writer } from './writer.js'

const text = fc.option(fc.string({ unit: 'grapheme', maxLength: 300 }), { nil: null })
const bytes = fc.uint8Array({ maxLength: 2000 }).map((array) => Buffer.from(array))

test('what is written is read back, in both forms of the protocol', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(fc.record({ text, bytes, number: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) })),
      (flexible, items) => {
        const writer = new Writer(flexible)
        writer.array(items, (item) => writer.string(item.text).bytes(item.bytes).int64(item.number).tags())
        writer.array(null, () => undefined).joined(items.map((item) => item.bytes))
        const frame = Buffer.concat(writer.frame())
        expect(frame.readInt32BE(0)).toBe(frame.length - 4)
        const reader = new Reader(frame.subarray(4), flexible)
        const read = reader.array((one) => {
          const item = { text: one.nullableString(), bytes: one.bytes(), number: one.int64() }
          one.tags()
          return item
        })
        expect(read).toEqual(items)
        expect(reader.nullableArray(() => undefined)).toBeNull()
        expect(reader.bytes().equals(Buffer.concat(items.map((item) => item.bytes)))).toBe(true)
      },
    ),
  )
})

test('no bytes make the reader fail in any other way than by saying that they are malformed', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.uint8Array({ maxLength: 60 }), (flexible, raw) => {
      const reader = new Reader(Buffer.from(raw), flexible)
      try {
        reader.array((one) => [one.string(), one.nullableBytes(), one.array((inner) => inner.int16()), one.tags()])
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedRequest)
      }
    }),
  )
})
