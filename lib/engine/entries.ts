import type { RawRecord } from '../event/index.js'
import { type Claimed, keptTime, type OpenRecord } from '../ledger/index.js'
import type { Verdict } from './verdict.js'

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

/** A verdict that leaves its record unsettled, unless a sink acknowledges it. */
export type Unsettling = Extract<Verdict, { readonly status: 'retry' | 'hold' | 'fail' | 'drop' | 'fallback' }>

/** The entry of a record that failed or was held, and had, or not, one before. A record that is given up on is not run again. */
export function entryAfter(verdict: Unsettling, before: OpenRecord | undefined): OpenRecord {
  const { record, attempts, firstSeen, stage } = verdict.failure
  const { deaths = 0, convicted = false, attempts: spent = 0, holds = 0 } = before ?? {}
  const isPoison = stage === 'decode' || stage === 'validate'
  return {
    offset: record.offset,
    timestamp: keptTime(record.timestamp),
    // Poison has none of its own, and takes none back.
    attempts: Math.max(attempts, spent),
    firstSeen,
    deaths,
    convicted,
    // Poison is found again by decoding it again; a handler's verdict is kept, lest it run behind records that followed it.
    givenUp: verdict.status === 'fallback' && !isPoison && !convicted,
    notBefore: 'notBefore' in verdict ? verdict.notBefore : 0,
    holds: verdict.status === 'hold' ? verdict.holds : holds,
  }
}
