import type { RawRecord } from '../event/index.js'
import type { AtomicWrite } from '../ledger/index.js'
import type { Hold } from './hold.js'
import { type LaneId, laneOf, type Order } from './lanes.js'
import { maxWrites } from './run.js'

/** A transaction takes 4 MB; some of it is left for the ledger's item and for what JSON does not show. */
const maxBytes = 3_000_000

/** The writes of some records, for one transaction. */
export type Chunk = ReadonlyMap<RawRecord, readonly AtomicWrite[]>

export const writesOf = (chunk: Chunk): AtomicWrite[] => [...chunk.values()].flat()

/**
 * The next records whose effects go into one transaction: as many as its limits allow, none that would write an item twice,
 * none before those ahead of it in its lane. Always at least one.
 */
export function chunkOf(hold: Hold, order: Order, single: boolean): Chunk {
  const chunk = new Map<RawRecord, readonly AtomicWrite[]>()
  const items = new Set<string>()
  const passed = new Set<LaneId>()
  let writes = 0
  let bytes = 0
  // In the order of offsets: runs of different lanes end as they please.
  for (const record of hold.claimed.todo) {
    const declared = hold.effects.get(record)
    if (declared === undefined) continue
    const lane = laneOf(record, order)
    const names = declared.map(itemOf)
    const size = sizeOf(declared)
    const fits = writes + declared.length <= maxWrites && bytes + size <= maxBytes && !(single && chunk.size > 0)
    if (chunk.size > 0 && (!fits || passed.has(lane) || names.some((name) => items.has(name)))) {
      passed.add(lane)
      continue
    }
    chunk.set(record, declared)
    for (const name of names) items.add(name)
    writes += declared.length
    bytes += size
    if (writes === maxWrites) break
  }
  return chunk
}

/** What tells the item of a write. Of a Put the key is not known apart from the item; DynamoDB refuses what this misses. */
function itemOf({ Put, Update, Delete, ConditionCheck }: AtomicWrite): string {
  const { TableName, Key } = Update ?? Delete ?? ConditionCheck ?? { TableName: Put?.TableName, Key: Put?.Item }
  const key = Object.entries(Key ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([TableName, key])
}

const sizeOf = (writes: readonly AtomicWrite[]): number => JSON.stringify(writes).length
