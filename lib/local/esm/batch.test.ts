import { assert, constantFrom, integer, array as list, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WireRecord } from '../../event/index.js'
import { type BatchLimits, type Queued, queued, takeBatch } from './batch.js'
import { jsonBytes, recordsOf } from './event.js'

const record = (partition: number, offset: number, bytes = 0): WireRecord => ({
  topic: 'a-1.b',
  partition,
  offset,
  timestamp: 1,
  timestampType: 'CREATE_TIME',
  value: 'x'.repeat(bytes),
  headers: [],
})

const queue = (partition: number, count: number, bytes = 0): Queued[] =>
  Array.from({ length: count }, (_, offset) => queued(record(partition, offset, bytes), 0))

const envelope = { eventSource: 'SelfManagedKafka', bootstrapServers: 'ü:1' }
const limits = (changes: Partial<BatchLimits> = {}): BatchLimits => ({
  records: 10,
  bytes: 1_000_000,
  envelopeBytes: jsonBytes({ ...envelope, records: {} }),
  ...changes,
})

const counts = (records: Record<string, unknown[]>) =>
  Object.fromEntries(Object.entries(records).map(([key, list]) => [key, list.length]))

describe('a batch', () => {
  it('shares its room fairly among partitions, and gives away what one does not need', () => {
    const queues = [queue(0, 1), queue(1, 100), queue(2, 100)]
    expect(counts(takeBatch(queues, limits()).records)).toEqual({ 'a-1.b-0': 1, 'a-1.b-1': 5, 'a-1.b-2': 4 })
    expect(queues.map(({ length }) => length)).toEqual([0, 95, 96])
  })

  it('takes the whole room from one partition alone, and fewer partitions than there are where it is small', () => {
    expect(counts(takeBatch([queue(0, 100), []], limits()).records)).toEqual({ 'a-1.b-0': 10 })
    const queues = [queue(0, 5), queue(1, 5), queue(2, 5)]
    expect(counts(takeBatch(queues, limits({ records: 2 })).records)).toEqual({ 'a-1.b-0': 1, 'a-1.b-1': 1 })
  })

  it('takes a record that fills an event to the last byte, and no record that is one byte larger', () => {
    const one = record(0, 0, 100)
    const exact = jsonBytes({ ...envelope, records: { 'a-1.b-0': [one] } })
    const taken = takeBatch([[queued(one, 0)]], limits({ bytes: exact }))
    expect(taken).toMatchObject({ records: { 'a-1.b-0': [one] }, oversized: [] })
    expect(takeBatch([[queued(one, 0)]], limits({ bytes: exact - 1 }))).toMatchObject({ records: {}, oversized: [one] })
  })

  it('never mixes the records of a topic and of the one recreated under its name', () => {
    const queues = [[5, 6, 0, 1].map((offset) => queued(record(0, offset), 0))]
    expect(takeBatch(queues, limits()).records['a-1.b-0']?.map(({ offset }) => offset)).toEqual([5, 6])
    expect(takeBatch(queues, limits()).records['a-1.b-0']?.map(({ offset }) => offset)).toEqual([0, 1])
  })

  it('keeps every record once, in order, within the limits, whatever the queues [K-02]', () => {
    const sizes = list(list(constantFrom(0, 1, 40, 200, 400), { maxLength: 30 }), { maxLength: 5 })
    assert(
      property(sizes, integer({ min: 1, max: 12 }), integer({ min: 350, max: 1200 }), (partitions, records, bytes) => {
        const queues = partitions.map((all, partition) => all.map((size, n) => queued(record(partition, n, size), 0)))
        const seen = partitions.map((): number[] => [])
        while (queues.some(({ length }) => length > 0)) {
          const before = queues.reduce((sum, { length }) => sum + length, 0)
          const taken = takeBatch(queues, limits({ records, bytes }))
          const all = recordsOf(taken.records)
          expect(all.length).toBeLessThanOrEqual(records)
          expect(jsonBytes({ ...envelope, records: taken.records })).toBeLessThanOrEqual(bytes)
          for (const { partition, offset } of [...taken.oversized, ...all].sort((a, b) => a.offset - b.offset)) {
            seen[partition]?.push(offset)
          }
          expect(queues.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(before)
        }
        expect(seen).toEqual(partitions.map((all) => all.map((_, offset) => offset)))
      }),
    )
  })
})
