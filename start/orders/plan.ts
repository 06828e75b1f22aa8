import { badRecord } from './bad.js'
import { seededRandom } from './random.js'
import type { Downstream, Order, Planned } from './types.js'

/** How many of the records are particular. */
export const particular = { bad: 30, failsTwice: 40, neverWorks: 5, dropped: 20 } as const

/** The smallest number of records in which the particular ones still have ordinary ones between them. */
export const fewestOrders = 1_000

/** Failing orders come in runs of this many, as when a downstream is down for a moment. */
const outage = 5

/** Enough for each failing order to have its own. */
const fewestCustomers = 100

type Kind = 'bad' | 'dropped' | Downstream

export interface PlanOptions {
  /** All records, the particular ones included; {@link fewestOrders} or more. */
  readonly orders: number
  /** Swaps two orders of one customer, so that the later one is produced first. */
  readonly swap: boolean
  readonly seed?: number
}

/** The records to produce, in order, with what has to become of each. The same options make the same records. */
export function planOrders({ orders, swap, seed = 1 }: PlanOptions): readonly Planned[] {
  const random = seededRandom(seed)
  const kinds = kindsOf(orders)
  const customers = Math.max(fewestCustomers, Math.ceil(orders / 50))
  const seqs = new Map<string, number>()
  let bad = 0
  let failing = 0
  const planned = kinds.map((kind, n): Planned => {
    // Two failing orders of one customer would wait for one another; each has a customer of its own.
    const isFailing = kind === 'fails-twice' || kind === 'never-works'
    const customerId = `customer-${isFailing ? failing++ : Math.floor(random() * customers)}`
    // One in ten of the bad ones has no key at all.
    if (kind === 'bad') return { key: bad % 10 === 4 ? null : Buffer.from(customerId), ...badRecord(bad++, customerId) }
    const seq = (seqs.get(customerId) ?? 0) + 1
    seqs.set(customerId, seq)
    const cents = kind === 'dropped' ? 0 : 1 + Math.floor(random() * 100_000)
    return goodRecord({ orderId: `order-${n}`, customerId, seq, cents }, kind)
  })
  if (swap) swapTwo(planned)
  return planned
}

function goodRecord(order: Order, kind: Exclude<Kind, 'bad'>): Planned {
  const headers = order.seq % 100 === 1 ? [['source', Buffer.from('start')] as const] : []
  const about = { key: Buffer.from(order.customerId), value: Buffer.from(JSON.stringify(order)), headers }
  if (kind === 'dropped') return { ...about, fate: { outcome: 'dropped', order } }
  if (kind !== 'never-works') return { ...about, fate: { outcome: 'ok', order, downstream: kind } }
  return { ...about, fate: { outcome: 'fallback', stage: 'process', rule: 'exhausted', attempts: 5, order } }
}

/** The particular records, spread evenly over the whole; the failing ones in outages. */
function kindsOf(orders: number): Kind[] {
  const kinds = new Array<Kind>(orders).fill('works')
  const spread = (count: number, kind: Kind, phase: number, run = 1) => {
    const gap = orders / (count / run)
    for (let i = 0; i < count; i++) kinds[Math.floor((Math.floor(i / run) + phase) * gap) + (i % run)] = kind
  }
  // The phases keep the kinds apart: no two of them are due at the same place.
  spread(particular.bad, 'bad', 0.11)
  spread(particular.dropped, 'dropped', 0.37)
  spread(particular.failsTwice, 'fails-twice', 0.53, outage)
  spread(particular.neverWorks, 'never-works', 0.79, outage)
  return kinds
}

/** Swaps two neighbouring ordinary orders of the customer who has the most of them between the particular ones. */
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
