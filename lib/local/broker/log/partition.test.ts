import fc from 'fast-check'
import { expect, test } from 'vitest'
import { code } from '../wire/codes.js'
import { batch, batchBytes } from './batch.fixture.js'
import { checkBatch } from './batch.js'
import { crc32c } from './crc32c.js'
import { PartitionLog } from './partition.js'

const now = 0

test('the checksum is CRC-32C', () => {
  expect(crc32c(Buffer.from('123456789')).toString(16)).toBe('e3069283')
  const bitByBit = (bytes: Uint8Array) => {
    let crc = -1
    for (const byte of bytes) {
      crc ^= byte
      for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    }
    return ~crc >>> 0
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(crc32c(Buffer.from(bytes))).toBe(bitByBit(bytes))
    }),
  )
})

test('a batch comes back as it was received, but for the offset it was given', () => {
  const log = new PartitionLog()
  const sent = batchBytes({ count: 3, attributes: 4, payload: Buffer.from('any codec') })
  log.append(batch({ count: 2 }), now)
  expect(log.append(batch({ count: 3, attributes: 4, payload: Buffer.from('any codec') }), now)).toMatchObject({
    baseOffset: 2,
  })
  const [stored] = log.read(4, 1000, true).pieces
  expect(stored?.readBigInt64BE(0)).toBe(2n)
  expect(stored?.subarray(8).equals(sent.subarray(8))).toBe(true)
  expect(log.endOffset).toBe(5)
})

test('every offset is found in its batch, and reads keep to whole batches within the limit', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ count: fc.integer({ min: 1, max: 20 }), size: fc.integer({ min: 0, max: 50 }) }), {
        minLength: 1,
      }),
      fc.nat(),
      fc.nat(500),
      (shapes, seed, maxBytes) => {
        const log = new PartitionLog()
        for (const { count, size } of shapes) log.append(batch({ count, payload: Buffer.alloc(size) }), now)
        const offset = seed % log.endOffset
        const { pieces, bytes, nextOffset } = log.read(offset, maxBytes, true)
        const found = Buffer.concat(pieces)
        const base = Number(found.readBigInt64BE(0))
        expect(base).toBeLessThanOrEqual(offset)
        expect(base + found.readInt32BE(57)).toBeGreaterThan(offset)
        expect(found.length).toBe(bytes)
        expect(bytes <= maxBytes || bytes === found.readInt32BE(8) + 12).toBe(true)
        const next = Buffer.concat(log.read(nextOffset, 1, true).pieces)
        expect(next.length === 0 ? log.endOffset : Number(next.readBigInt64BE(0))).toBe(nextOffset)
        const all = log.read(offset, Number.MAX_SAFE_INTEGER, false)
        expect(log.bytesFrom(offset)).toBe(Buffer.concat(all.pieces).length)
        expect(log.read(log.endOffset, maxBytes, true).pieces).toEqual([])
      },
    ),
  )
})

test('records before a start that has moved are gone, those after it are not', () => {
  const log = new PartitionLog()
  for (let n = 0; n < 3; n++) log.append(batch({ count: 10, maxTimestamp: BigInt(900 - n * 100) }), now)
  expect(log.deleteBefore(31)).toBe(code.offsetOutOfRange)
  expect(log.deleteBefore(15)).toBe(code.none)
  expect([log.startOffset, log.contains(14), log.contains(15), log.contains(30), log.contains(31)]).toEqual([
    15,
    false,
    true,
    true,
    false,
  ])
  expect(log.at(850n)).toBeUndefined()
  expect(log.at(750n)?.offset).toBe(15)
  expect(log.deleteBefore(-1)).toBe(code.none)
  expect([log.startOffset, log.endOffset, log.bytesFrom(30)]).toEqual([30, 30, 0])
  expect(log.append(batch(), now)).toMatchObject({ baseOffset: 30 })
})

test('a batch of an idempotent producer is written once, in its sequence, by its newest epoch', () => {
  const log = new PartitionLog()
  const send = (sequence: number, count = 2, epoch = 0) =>
    log.append(batch({ producerId: 7n, epoch, sequence, count }), now)
  expect(send(0)).toMatchObject({ baseOffset: 0 })
  expect(send(2)).toMatchObject({ baseOffset: 2 })
  expect(send(0)).toMatchObject({ baseOffset: 0 })
  expect(send(2)).toMatchObject({ baseOffset: 2 })
  expect(log.endOffset).toBe(4)
  expect(send(6)).toEqual({ refused: code.outOfOrderSequence })
  expect(send(3, 2, 1)).toEqual({ refused: code.outOfOrderSequence })
  expect(send(0, 2, 1)).toMatchObject({ baseOffset: 4 })
  expect(send(4, 2, 0)).toEqual({ refused: code.invalidProducerEpoch })
})

test('sequences go on from zero when they are used up', () => {
  const log = new PartitionLog()
  log.append(batch({ producerId: 7n, epoch: 0, sequence: 2 ** 31 - 2, count: 2 }), now)
  expect(log.append(batch({ producerId: 7n, epoch: 0, sequence: 0, count: 1 }), now)).toMatchObject({ baseOffset: 2 })
})

test('bytes that are no batch are refused by the code that says why', () => {
  const good = batchBytes()
  const changed = (at: number) => {
    const bytes = Buffer.from(good)
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    return bytes
  }
  expect(checkBatch(Buffer.alloc(0))).toBe(code.invalidRecord)
  expect(checkBatch(changed(16))).toBe(code.invalidRecord)
  expect(checkBatch(Buffer.concat([good, good]))).toBe(code.invalidRecord)
  expect(checkBatch(good.subarray(0, 70).subarray(0, good.length - 1))).toBe(code.corruptMessage)
  expect(checkBatch(good.subarray(0, 10))).toBe(code.corruptMessage)
  for (let at = 17; at < good.length; at++) expect(checkBatch(changed(at))).toBe(code.corruptMessage)
  expect(checkBatch(batchBytes({ attributes: 0x10 }))).toBe(code.invalidRecord)
  expect(checkBatch(batchBytes({ attributes: 0x20 }))).toBe(code.invalidRecord)
  expect(checkBatch(batchBytes({ attributes: 5 }))).toBe(code.unsupportedCompression)
  expect(checkBatch(batchBytes({ count: 0 }))).toBe(code.invalidRecord)
})

test('a time in a batch that cannot be opened is answered with the start of that batch', () => {
  const log = new PartitionLog()
  log.append(batch({ count: 5, maxTimestamp: 100n, attributes: 4 }), now)
  log.append(batch({ count: 5, maxTimestamp: 200n, attributes: 1 }), now)
  expect(log.at(50n)).toEqual({ offset: 0, timestamp: 100n })
  expect(log.at(150n)).toEqual({ offset: 5, timestamp: 200n })
})
