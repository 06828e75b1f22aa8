import type { RawRecord } from '../event/index.js'
import { isCovered, type Range } from '../ledger/index.js'
import { laneOf, type Order } from './lanes.js'

/** Crashed records up to this many are run singly at once; more go in chunks of about the square root first. */
const singly = 8

/** What a crash has left in the ledger. */
export interface Evidence {
  readonly crashed: Range | null
  readonly suspect: Range | null
}

/**
 * The chunks in which suspected records run alone, one chunk at a time: first those of a chunk that died, singly, then the
 * rest of the crashed range. With each goes what is unsettled before it in its lane, so that lanes keep their order (rule 7).
 *
 * @param todo the unsettled records of one source partition, offsets rising
 */
export function isolationOf(
  todo: readonly RawRecord[],
  evidence: Evidence,
  order: Order,
): readonly (readonly RawRecord[])[] {
  const suspects = withLanes(todo, evidence.suspect, order)
  const crashed = withLanes(todo, evidence.crashed, order).filter((record) => !suspects.includes(record))
  const size = crashed.length <= singly ? 1 : Math.ceil(Math.sqrt(crashed.length))
  return [...chunksOf(suspects, 1), ...chunksOf(crashed, size)]
}

/** The records of a range, and all before them in their lanes. */
function withLanes(todo: readonly RawRecord[], range: Range | null, order: Order): readonly RawRecord[] {
  if (range === null) return []
  const lanes = new Set<unknown>()
  return todo
    .toReversed()
    .filter((record) => {
      const lane = laneOf(record, order)
      if (isCovered([range], record.offset)) lanes.add(lane)
      return lanes.has(lane)
    })
    .reverse()
}

function chunksOf(records: readonly RawRecord[], size: number): RawRecord[][] {
  return Array.from({ length: Math.ceil(records.length / size) }, (_, i) => records.slice(i * size, (i + 1) * size))
}
