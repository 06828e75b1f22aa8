import { describe, expect, it } from 'vitest'
import { partitioner } from './index.js'
import { type LoadShape, loadRecords } from './records.js'

function taken(count: number, shape: LoadShape) {
  const records = loadRecords(shape)
  return Array.from({ length: count }, () => records.next().value)
}
const isJson = (value: Buffer | null): boolean => {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value ?? Buffer.alloc(0)))
    return true
  } catch {
    return false
  }
}

describe('the load generator [R-40]', () => {
  it('makes the same records of the same seed, and others of another', () => {
    const shape = { seed: 7, bad: 0.1, duplicates: 0.1, nullKeys: 0.1 }
    expect(taken(200, shape)).toEqual(taken(200, shape))
    expect(taken(200, { ...shape, seed: 8 })).not.toEqual(taken(200, shape))
  })

  it.each([10, 100, 1_000])('keeps its fractions exactly, whatever else a record is, in %i', (count) => {
    const records = taken(count, { bad: 0.1, duplicates: 0.1, nullKeys: 0.2 })
    expect(records.filter(({ kind }) => kind === 'bad')).toHaveLength(count / 10)
    expect(records.filter(({ kind }) => kind === 'duplicate')).toHaveLength(count / 10)
    expect(records.filter(({ value }) => !isJson(value))).toHaveLength(count / 10)
  })

  it('repeats records byte for byte, and gives no other two the same id', () => {
    const records = taken(1_000, { duplicates: 0.2 })
    const first = new Map<string, Buffer | null>()
    for (const { kind, id, value } of records) {
      if (kind === 'duplicate') expect(first.get(id)).toEqual(value)
      else expect(first.has(id)).toBe(false)
      if (kind === 'good') first.set(id, value)
    }
    expect(first.size).toBe(800)
  })

  it('has as many keys as are asked for, and values of the size that is', () => {
    const records = taken(500, { keys: 7, sizeBytes: 333 })
    expect(new Set(records.map(({ key }) => String(key))).size).toBe(7)
    expect(new Set(records.map(({ value }) => value?.length))).toEqual(new Set([333]))
    expect(taken(100, { nullKeys: 0.25 }).filter(({ key }) => key === null)).toHaveLength(25)
  })

  it('makes values of a kind of one’s own', () => {
    const [record] = taken(1, { value: ({ id, key, n }) => [id, key, n] })
    expect(String(record?.value)).toBe(`["1-0","${record?.key}",0]`)
  })

  it.each<[LoadShape, RegExp]>([
    [{ keys: 0 }, /keys of a load is 0/],
    [{ bad: 1.5 }, /bad of a load is 1.5/],
    [{ bad: 0.6, duplicates: 0.6 }, /bad \+ duplicates/],
    [{ sizeBytes: -1 }, /sizeBytes/],
    [{ seed: 0.5 }, /seed/],
    [{ nullKeys: Number.NaN }, /nullKeys of a load is NaN/],
  ])('refuses %j', (shape, message) => {
    expect(() => loadRecords(shape)).toThrow(message)
  })
})

describe('where records go', () => {
  /** Hashes as the tests of Kafka's own Java client have them. */
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('is by the key as for Java clients: %s [R-18]', (key, hash) => {
    for (const partitions of [1, 3, 4, 12, 64, 1_000]) {
      const place = partitioner(partitions)
      expect(place(Buffer.from(key), 0)).toBe((hash & 0x7fffffff) % partitions)
      expect(place(Buffer.from(key), 1)).toBe(place(Buffer.from(key), 2))
    }
  })

  it('is every partition in turn without a key [R-17]', () => {
    const place = partitioner(3)
    expect([0, 1, 2, 3, 4, 5].map((n) => place(null, n))).toEqual([0, 1, 2, 0, 1, 2])
  })
})
