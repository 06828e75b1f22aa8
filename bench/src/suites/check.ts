import { orderSource } from '../sides/orders.js'
import type { Side } from '../sides/side.js'

/**
 * Delivers some records, and all of them again: whoever claims to handle each once has to.
 *
 * @throws Error where a side handles too little, or (where it protects) anything twice
 */
export async function checkOnce(side: Side, { protects }: { readonly protects: boolean }): Promise<void> {
  const records = 20
  const event = orderSource('check', 4).next(records)
  const before = { ...side.work }
  // A copy each, because a side may decode in place.
  await side.deliver(structuredClone(event))
  const first = side.work.records - before.records
  await side.deliver(structuredClone(event))
  const second = side.work.records - before.records - first
  if (first !== records) throw new Error(`${side.name} handled ${first} of ${records} records`)
  if (second !== (protects ? 0 : records)) throw new Error(`${side.name} handled ${second} of ${records} duplicates`)
}
