import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c } from '../../../crc32c.js'
import { code } from '../wire/codes.js'
import { batch, batchBytes } from './batch.fixture.js'
import { checkBatch } from './batch.js'
import { PartitionLog } from './partition.js'
import { defaultPolicy, policyOf } from './settings.js'

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
  const ofFormat = (magic: number) => {
    const bytes = Buffer.from(good)
    bytes.writeInt8(magic, 16)
    return bytes
  }
  for (const old of [0, 1]) expect(checkBatch(ofFormat(old))).toBe(code.invalidRecord)
  for (const unknown of [-1, 3, 7]) expect(checkBatch(ofFormat(unknown))).toBe(code.corruptMessage)
  expect(checkBatch(Buffer.concat([good, good]))).toBe(code.invalidRecord)
  for (const bytes of [10, 17, 61, good.length - 1]) {
    expect(checkBatch(good.subarray(0, bytes))).toBe(code.invalidRecord)
  }
  for (let at = 17; at < good.length; at++) expect(checkBatch(changed(at))).toBe(code.corruptMessage)
  expect(checkBatch(batchBytes({ producerId: 1n, epoch: 0, sequence: -1 }))).toBe(code.invalidRecord)
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

test('a batch whose records lead in a circle is looked through once', () => {
  const log = new PartitionLog()
  const itself = Buffer.from([1, 0, 1, 0]) // a record of -1 bytes, a millisecond before the time of the batch
  log.append(batch({ count: 2 ** 31 - 1, maxTimestamp: 200n, payload: itself }), now)
  expect(log.at(200n)).toEqual({ offset: 0, timestamp: 200n })
})

const inTransaction = (producerId: bigint, sequence: number, count = 1) =>
  batch({ attributes: 0x10, producerId, epoch: 0, sequence, count })

test('records deleted in the middle of an open transaction do not let the others be read as committed', () => {
  const log = new PartitionLog()
  log.append(inTransaction(1n, 0, 10), now)
  log.deleteBefore(5)
  expect([log.stableOffset, log.bytesFrom(5, log.stableOffset)]).toEqual([5, 0])
  expect(log.read(5, 1000, true, log.stableOffset).pieces).toEqual([])
})

test('the aborted transactions of a range are those that reach into it, however they overlap', () => {
  const log = new PartitionLog()
  log.append(inTransaction(1n, 0, 5), now) // 0 to 4
  log.append(inTransaction(2n, 0, 5), now) // 5 to 9
  log.append(batch(), now) // 10
  log.mark({ producerId: 1n, epoch: 0, committed: false }, now) // 11
  log.append(inTransaction(1n, 5), now) // 12
  expect(log.stableOffset).toBe(5)
  log.mark({ producerId: 2n, epoch: 0, committed: true }, now) // 13
  log.mark({ producerId: 1n, epoch: 0, committed: false }, now) // 14
  expect(log.stableOffset).toBe(15)
  const first = { producerId: 1n, firstOffset: 0, lastOffset: 11, stableOffset: 5 }
  const second = { producerId: 1n, firstOffset: 12, lastOffset: 14, stableOffset: 15 }
  expect(log.abortedIn(0, 15)).toEqual([first, second])
  expect(log.abortedIn(3, 5)).toEqual([first])
  expect(log.abortedIn(12, 13)).toEqual([second])
  expect(log.abortedIn(15, 15)).toEqual([])
  log.deleteBefore(13)
  expect(log.abortedIn(13, 15)).toEqual([second])
})

test('a producer writes nothing outside the transaction that it has under way', () => {
  const log = new PartitionLog()
  log.append(inTransaction(1n, 0), now)
  expect(log.append(batch({ producerId: 1n, epoch: 0, sequence: 1 }), now)).toEqual({ refused: code.invalidTxnState })
  log.mark({ producerId: 1n, epoch: 0, committed: true }, now)
  expect(log.append(batch({ producerId: 1n, epoch: 0, sequence: 1 }), now)).toMatchObject({ baseOffset: 2 })
})

test('a marker of a newer epoch fences the producer, whose successor begins at sequence 0', () => {
  const log = new PartitionLog()
  log.append(inTransaction(1n, 0), now)
  log.mark({ producerId: 1n, epoch: 1, committed: false }, now)
  expect(log.append(inTransaction(1n, 1), now)).toEqual({ refused: code.invalidProducerEpoch })
  const next = (sequence: number) => log.append(batch({ producerId: 1n, epoch: 2, sequence }), now)
  expect(next(1)).toEqual({ refused: code.outOfOrderSequence })
  expect(next(0)).toMatchObject({ baseOffset: 2 })
})

test('old batches go, whole, by bytes and by age, but never the newest nor one of a transaction under way', () => {
  const policy = { ...defaultPolicy, maxBatchBytes: 1000 }
  const filled = () => {
    const log = new PartitionLog()
    for (let n = 0; n < 5; n++) log.append(batch({ count: 2, maxTimestamp: BigInt(n * 100) }), now)
    return log
  }
  const bytes = filled().bytesFrom(0)
  const startAfter = (log: PartitionLog, change: Partial<typeof policy>, time = 0) => {
    log.policy = { ...policy, ...change }
    log.retain(time)
    return log.startOffset
  }
  expect(startAfter(filled(), {}, 1e9)).toBe(0)
  expect(startAfter(filled(), { retentionBytes: bytes })).toBe(0)
  expect(startAfter(filled(), { retentionBytes: bytes - 1 })).toBe(0)
  expect(startAfter(filled(), { retentionBytes: (bytes / 5) * 3 })).toBe(4)
  expect(startAfter(filled(), { retentionBytes: 0 })).toBe(8)
  expect(startAfter(filled(), { retentionMs: 100 }, 300)).toBe(4)
  expect(startAfter(filled(), { retentionMs: 100 }, 1e9)).toBe(8)
  const held = filled()
  held.append(inTransaction(1n, 0), now)
  held.append(batch(), now)
  expect(startAfter(held, { retentionBytes: 0 })).toBe(10)
  expect([held.contains(9), held.contains(10)]).toEqual([false, true])
})

test('a record may be an hour ahead of the broker, or as far as its topic says, unless it is given the broker’s time', () => {
  const log = new PartitionLog()
  const [now, hour] = [5000, 3_600_000]
  const written = (maxTimestamp: number) => log.append(batch({ maxTimestamp: BigInt(maxTimestamp) }), now)
  const refused = { refused: code.invalidTimestamp }
  expect(written(now + hour)).toMatchObject({ baseOffset: 0 })
  expect(written(now + hour + 1)).toEqual(refused)
  expect(written(0)).toMatchObject({ baseOffset: 1 })
  log.policy = policyOf(new Map([['message.timestamp.after.max.ms', '10']]))
  expect([written(now + 10), written(now + 11)]).toMatchObject([{ baseOffset: 2 }, refused])
  log.policy = { ...log.policy, appendTime: true }
  expect(written(now + 11)).toMatchObject({ baseOffset: 3 })
})

test('a batch is longer than its topic takes, or is given the topic’s time: the header says so, and the checksum is right', () => {
  const log = new PartitionLog()
  log.policy = { ...defaultPolicy, maxBatchBytes: 100, appendTime: true }
  expect(log.append(batch({ payload: Buffer.alloc(40) }), 5000)).toEqual({ refused: code.messageTooLarge })
  const payload = Buffer.from('of any codec')
  expect(log.append(batch({ attributes: 3, payload, maxTimestamp: 7n }), 5000)).toEqual({
    baseOffset: 0,
    appendTime: 5000n,
  })
  const stored = Buffer.concat(log.read(0, 1000, true).pieces)
  expect(stored.readInt16BE(21)).toBe(3 | 8)
  expect(stored.readBigInt64BE(35)).toBe(5000n)
  expect(stored.readUInt32BE(17)).toBe(crc32c(stored, 21))
  expect(stored.subarray(61)).toEqual(payload)
  expect(log.at(5000n)).toEqual({ offset: 0, timestamp: 5000n })
})
