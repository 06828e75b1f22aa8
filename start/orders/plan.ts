import { partitioner, seededRandom } from '../../lib/testing/load/index.js'
import { badRecord } from './bad.js'
import type { Downstream, Order, Planned } from './types.js'

/** How many of the records are particular. */
export const particular = { bad: 30, failsTwice: 40, neverWorks: 5, dropped: 20, held: 20 } as const

/** Grace of the held orders, in milliseconds: they are produced early, so that it lasts when they are first delivered. */
const graceMs = 5_000

/** The smallest number of records in which the particular ones still have ordinary ones between them. */
export const fewestOrders = 1_000

/** Failing orders come in runs of this many, as when a downstream is down for a moment. */
const outage = 5

/** Enough for each failing order to have its own. */
const fewestCustomers = 100

type Kind = 'bad' | 'dropped' | 'held' | Downstream

export interface PlanOptions {
  /** All records, the particular ones included; {@link fewestOrders} or more. */
  readonly orders: number
  readonly partitions: number
  /** Swaps two orders of one customer, so that the later one is produced first. */
  readonly swap: boolean
  readonly seed?: number
}

/** The records to produce, in order, with what has to become of each. The same options make the same records. */
export function planOrders({ orders, partitions, swap, seed = 1 }: PlanOptions): readonly Planned[] {
  const random = seededRandom(seed)
  const partitionOf = partitioner(partitions)
  const customers = Array.from({ length: Math.max(fewestCustomers, Math.ceil(orders / 50)) }, (_, n) => `customer-${n}`)
  const failing = failingCustomers(customers, partitions, (id) => partitionOf(Buffer.from(id), 0))
  const seqs = new Map<string, number>()
  let bad = 0
  const planned = kindsOf(orders).map((kind, n): Planned => {
    const anyone = customers[Math.floor(random() * customers.length)] ?? ''
    const isFailing = kind === 'fails-twice' || kind === 'never-works'
    const customerId = isFailing ? failing() : anyone
    // One in ten of the bad ones has no key at all.
    const key = kind === 'bad' && bad % 10 === 4 ? null : Buffer.from(customerId)
    const place = { key, partition: partitionOf(key, n) }
    if (kind === 'bad') return { ...place, ...badRecord(bad++, customerId) }
    const seq = (seqs.get(customerId) ?? 0) + 1
    seqs.set(customerId, seq)
    const cents = kind === 'dropped' ? 0 : 1 + Math.floor(random() * 100_000)
    const grace = kind === 'held' ? { graceMs } : {}
    return { ...place, ...goodRecord({ orderId: `order-${n}`, customerId, seq, cents, ...grace }, kind) }
  })
  if (swap) swapTwo(planned)
  return planned
}

/**
 * The customers of the failing orders, one after another: each its own, for two failing orders of one customer would wait for
 * one another; and those of an outage all of one partition, as when one part of a downstream is down.
 */
function failingCustomers(
  customers: readonly string[],
  partitions: number,
  partitionOf: (id: string) => number,
): () => string {
  const byPartition = Array.from({ length: partitions }, (_, n) => customers.filter((id) => partitionOf(id) === n))
  let drawn = 0
  return () => {
    const n = drawn++
    const outages = Math.floor(n / outage)
    const own = byPartition[outages % partitions] ?? customers
    return own[(Math.floor(outages / partitions) * outage + (n % outage)) % own.length] ?? ''
  }
}

function goodRecord(order: Order, kind: Exclude<Kind, 'bad'>): Omit<Planned, 'key' | 'partition'> {
  const headers = order.seq % 100 === 1 ? [['source', Buffer.from('start')] as const] : []
  const about = { value: Buffer.from(JSON.stringify(order)), headers }
  if (kind === 'dropped') return { ...about, fate: { outcome: 'dropped', order } }
  if (kind !== 'never-works')
    return { ...about, fate: { outcome: 'ok', order, downstream: kind === 'held' ? 'works' : kind } }
  return { ...about, fate: { outcome: 'fallback', stage: 'process', rule: 'exhausted', attempts: 5, order } }
}

/** The particular records, spread evenly over the whole; the failing ones in outages. */
function kindsOf(orders: number): Kind[] {
  const kinds = new Array<Kind>(orders).fill('works')
  const spread = (count: number, kind: Kind, phase: number, run = 1, among = orders) => {
    const gap = among / (count / run)
    for (let i = 0; i < count; i++) {
      let at = Math.floor((Math.floor(i / run) + phase) * gap) + (i % run)
      while (kinds[at] !== 'works') at = (at + 1) % orders
      kinds[at] = kind
    }
  }
  // The phases keep the kinds apart; where few records leave no room, the next free place will do.
  spread(particular.bad, 'bad', 0.11)
  spread(particular.dropped, 'dropped', 0.37)
  spread(particular.failsTwice, 'fails-twice', 0.53, outage)
  spread(particular.neverWorks, 'never-works', 0.79, outage)
  spread(particular.held, 'held', 0.23, 1, Math.min(orders, 1_000))
  return kinds
}

/** Swaps two orders of one customer, ordinary ones with nothing of theirs between them, in the second half. */
function swapTwo(planned: Planned[]): void {
  const last = new Map<string, number>()
  for (let n = Math.floor(planned.length / 2); n < planned.length; n++) {
    const { fate, key } = planned[n] ?? {}
    const customer = key?.toString() ?? ''
    if (fate?.outcome !== 'ok' || fate.downstream !== 'works') {
      last.delete(customer)
      continue
    }
    const earlier = last.get(customer)
    if (earlier !== undefined) {
      const [a, b] = [planned[earlier], planned[n]]
      if (a !== undefined && b !== undefined) [planned[earlier], planned[n]] = [b, a]
      return
    }
    last.set(customer, n)
  }
}
