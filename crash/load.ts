import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import { type Order, type Planned, type Produced, partitioner, produceOrders } from '../start/orders/index.js'
import type { Killer } from './killer.js'

/** Enough for most transactions to be full. */
const customers = 400
/** Orders that wait at most, so that a batch is always full. */
const backlog = 1_500
const perTurn = 500

/** What the load is made with, and for whom. */
export interface Load {
  readonly kafka: Kafka
  readonly topic: string
  readonly partitions: number
  readonly random: () => number
  readonly death: Killer
  /** Orders by transaction, as they are applied. */
  readonly applied: readonly (readonly string[])[]
  /** Takes a line about how far the run is. */
  readonly tell: (line: string) => void
}

/** Produces orders as fast as they are settled, until the last kill. */
export async function keepBusy(load: Load): Promise<readonly Produced[]> {
  const { kafka, topic, partitions, random, death, applied, tell } = load
  const next = orderSource(random, partitions)
  const produced: Produced[] = []
  let settled = 0
  for (let seen = 0; !death.done; ) {
    while (seen < applied.length) settled += applied[seen++]?.length ?? 0
    tell(`${death.sent} kills · ${settled} of ${produced.length} orders`)
    if (produced.length - settled >= backlog) await delay(50)
    else produced.push(...(await produceOrders({ kafka, topic, planned: next(perTurn) })))
  }
  return produced
}

/** Ordinary orders without end, each with its effect to have; the same numbers make the same orders. */
export function orderSource(random: () => number, partitions: number): (count: number) => readonly Planned[] {
  const partitionOf = partitioner(partitions)
  const seqs = new Map<string, number>()
  let orders = 0
  const next = (): Planned => {
    const customerId = `customer-${Math.floor(random() * customers)}`
    const seq = (seqs.get(customerId) ?? 0) + 1
    seqs.set(customerId, seq)
    const order: Order = { orderId: `order-${orders++}`, customerId, seq, cents: 1 + Math.floor(random() * 100_000) }
    const key = Buffer.from(customerId)
    return {
      key,
      partition: partitionOf(key, orders),
      value: Buffer.from(JSON.stringify(order)),
      headers: [],
      fate: { outcome: 'ok', order, downstream: 'works' },
    }
  }
  return (count) => Array.from({ length: count }, next)
}
