import { describe, expect, it } from 'vitest'
import { particular, planOrders } from './index.js'
import type { Planned } from './types.js'

const plan = (orders = 20_000, swap = false) => planOrders({ orders, partitions: 4, swap })
const of = (records: readonly Planned[], stage: string) =>
  records.filter(({ fate }) => fate.outcome === 'fallback' && fate.stage === stage)

describe('the planned orders', () => {
  it.each([1_000, 2_000, 20_000])('hold the particular records of the main job among %d', (orders) => {
    const records = plan(orders)
    expect(records).toHaveLength(orders)
    expect(of(records, 'decode').length + of(records, 'validate').length).toBe(particular.bad)
    expect(of(records, 'process')).toHaveLength(particular.neverWorks)
    expect(records.filter(({ fate }) => fate.outcome === 'dropped')).toHaveLength(particular.dropped)
    const failsTwice = records.filter(({ fate }) => fate.outcome === 'ok' && fate.downstream === 'fails-twice')
    expect(failsTwice).toHaveLength(particular.failsTwice)
  })

  it('hold a tombstone, an empty value, broken UTF-8, a record without key, and repeated headers', () => {
    const bad = plan().filter(({ fate }) => fate.outcome === 'fallback' && fate.stage !== 'process')
    expect(bad.filter(({ value }) => value === null)).toHaveLength(1)
    expect(bad.some(({ value }) => value?.length === 0)).toBe(true)
    expect(bad.some(({ value }) => value !== null && !Buffer.from(value.toString()).equals(value))).toBe(true)
    expect(bad.some(({ key }) => key === null)).toBe(true)
    expect(bad.some(({ headers }) => new Set(headers.map(([key]) => key)).size < headers.length)).toBe(true)
    expect(new Set(bad.map(({ partition }) => partition)).size).toBe(4)
  })

  it('have values that say what their fate expects', () => {
    for (const { fate, value, key } of plan()) {
      const { order } = fate
      if (order === undefined) continue
      expect(JSON.parse(value?.toString() ?? '')).toEqual(order)
      expect(key?.toString()).toBe(order.customerId)
    }
  })

  it('have a seq that rises by one per customer, and one partition per customer', () => {
    expect(disorders(plan())).toBe(0)
    const partitions = new Map<string, Set<number>>()
    for (const { key, partition } of plan()) {
      const customer = key?.toString() ?? `${partition}`
      partitions.set(customer, (partitions.get(customer) ?? new Set()).add(partition))
    }
    expect([...partitions.values()].every(({ size }) => size === 1)).toBe(true)
  })

  it('are in disorder at exactly one place when two of them are swapped, and else the same', () => {
    const [straight, swapped] = [plan(), plan(20_000, true)]
    expect(disorders(swapped)).toBe(1)
    const text = ({ value }: Planned) => value?.toString()
    expect(swapped.filter((record, i) => text(record) !== text(straight[i] ?? record))).toHaveLength(2)
  })

  it('give each failing order a customer of its own', () => {
    const failing = plan().flatMap(({ fate, key }) => {
      const fails =
        fate.outcome === 'fallback' ? fate.stage === 'process' : fate.outcome === 'ok' && fate.downstream !== 'works'
      return fails ? [key?.toString()] : []
    })
    expect(new Set(failing).size).toBe(failing.length)
  })
})

/** How often the seq of a customer does not rise. */
function disorders(records: readonly Planned[]): number {
  const last = new Map<string, number>()
  let found = 0
  for (const { fate } of records) {
    if (fate.outcome !== 'ok' && fate.outcome !== 'dropped') continue
    const { customerId, seq } = fate.order
    if (seq <= (last.get(customerId) ?? 0)) found++
    last.set(customerId, seq)
  }
  return found
}
