import type { RawRecord } from '../event/index.js'
import { type Claimed, keptTime, type OpenRecord } from '../ledger/index.js'
import type { Failure } from '../sink/index.js'

/**
 * Open records kept per source partition. At this bound nothing new is started in it; none is forgotten. What runs side by
 * side, at most one batch of a batch handler, may pass it.
 */
export const maxOpen = 1_000

/** The entry of each record that has one; one whose timestamp differs speaks of another incarnation. */
export function entriesOf({ state, todo }: Claimed): ReadonlyMap<RawRecord, OpenRecord> {
  if (state.open.length === 0) return new Map()
  const open = new Map(state.open.map((entry) => [entry.offset, entry]))
  return new Map(
    todo.flatMap((record): [RawRecord, OpenRecord][] => {
      const entry = open.get(record.offset)
      return entry?.timestamp === keptTime(record.timestamp) ? [[record, entry]] : []
    }),
  )
}

/** The entry of a record that failed, and had, or not, one before. A record that is given up on is not run again. */
export function entryAfter(failure: Failure, before: OpenRecord | undefined, isGivenUp: boolean): OpenRecord {
  const { record, attempts, firstSeen, stage } = failure
  const { deaths = 0, convicted = false, attempts: spent = 0 } = before ?? {}
  return {
    offset: record.offset,
    timestamp: keptTime(record.timestamp),
    // Poison has none of its own, and takes none back.
    attempts: Math.max(attempts, spent),
    firstSeen,
    deaths,
    convicted,
    // Poison is found again by decoding it again; a handler's verdict is kept, lest it run behind records that followed it.
    givenUp: isGivenUp && stage === 'process' && !convicted,
    notBefore: 0,
  }
}
