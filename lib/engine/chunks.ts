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
 * none before those ahead of it in its lane, nor before its outputs are acknowledged. Of the others always at least one.
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
    const isUnwritten = hold.unwritten.has(record)
    if (declared === undefined && !isUnwritten) continue
    const lane = laneOf(record, order)
    if (isUnwritten) passed.add(lane)
    if (declared === undefined) continue
    const { names, size } = measured(declared)
    const fits = writes + declared.length <= maxWrites && bytes + size <= maxBytes
    if (passed.has(lane) || (chunk.size > 0 && (!fits || names.some((name) => items.has(name))))) {
      passed.add(lane)
      continue
    }
    chunk.set(record, declared)
    for (const name of names) items.add(name)
    writes += declared.length
    bytes += size
    if (writes === maxWrites || single) break
  }
  return chunk
}

/** Why one transaction cannot hold all these writes beside so many ledger items; undefined: it can. */
export function problemOf(chunk: Chunk, partitions: number): string | undefined {
  const all = [...chunk.values()].map(measured)
  const names = all.flatMap((one) => one.names)
  const bytes = all.reduce((sum, { size }) => sum + size, 0)
  if (names.length + partitions > maxWrites + 1)
    return `has ${partitions} ledger items and ${names.length} declared writes, and DynamoDB takes ${maxWrites + 1}`
  if (bytes > maxBytes) return `has ${bytes} bytes of declared writes, more than the ${maxBytes} that fit safely`
  const seen = new Set<string>()
  const twice = names.find((name) => seen.size === seen.add(name).size)
  return twice && `writes the item ${twice} twice, which DynamoDB does not take`
}

interface Measured {
  /** One for each write: what tells its item. */
  readonly names: readonly string[]
  readonly size: number
}

const known = new WeakMap<readonly AtomicWrite[], Measured>()

/** Measured once: as many chunks as a batch needs look at what was declared. */
function measured(writes: readonly AtomicWrite[]): Measured {
  const one = known.get(writes) ?? { names: writes.map(itemOf), size: JSON.stringify(writes).length }
  known.set(writes, one)
  return one
}

/** What tells the item of a write. Of a Put the key is not known apart from the item; DynamoDB refuses what this misses. */
function itemOf({ Put, Update, Delete, ConditionCheck }: AtomicWrite): string {
  const { TableName, Key } = Update ?? Delete ?? ConditionCheck ?? { TableName: Put?.TableName, Key: Put?.Item }
  const key = Object.entries(Key ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([TableName, key])
}
