import { covers, overlaps, spanOf } from './intervals.js'
import { type Anchor, type LedgerState, notFuture, type Range } from './state.js'

/**
 * Whose a batch is that overlaps what is settled: of the source partition as the ledger knows it, of a topic that was
 * recreated under the same name (its offsets begin again), or not to be told.
 */
export type Recognition = 'known' | 'recreated' | 'doubtful'

/**
 * Compares a batch with the ledger's fingerprints, which are timestamps: keys and values may be rewritten between deliveries.
 * A timestamp in the future may contradict, never confirm (DESIGN §5, rule 8).
 *
 * @param records offsets rising, timestamps as {@link keptTime} keeps them; never empty
 */
export function recognise(state: LedgerState, records: readonly Anchor[], now: number): Recognition {
  const [first] = records
  if (first !== undefined && first.offset > (state.settled.at(-1)?.to ?? -1) && state.open.length === 0) return 'known'
  const overlap = records.filter(({ offset }) => covers(state.settled, offset))
  const prints = fingerprints(state, records)
  let matched = false
  for (const { offset, timestamp } of records) {
    const print = prints.get(offset)
    if (print === undefined) continue
    if (print !== timestamp) return 'recreated'
    matched ||= notFuture(timestamp, now)
  }
  // Even of what was in hand last: a record whose time has come since is run again rather than one of a new topic skipped.
  if (overlap.some(({ timestamp }) => timestamp > state.newest && notFuture(timestamp, now))) return 'recreated'
  const expected = overlap.every(({ offset }) => covers(state.reported, offset))
  return matched || expected ? 'known' : 'doubtful'
}

/** The state without the settled intervals that a doubtful batch overlaps: its records are run again rather than skipped. */
export function forgetDoubtful(state: LedgerState, records: readonly Anchor[]): LedgerState {
  const isDoubtful = (interval: Range) => records.some(({ offset }) => covers([interval], offset))
  const doubtful = state.settled.filter(isDoubtful)
  return {
    ...state,
    settled: state.settled.filter((interval) => !doubtful.includes(interval)),
    left: Math.max(state.left, doubtful.at(-1)?.to ?? -1),
  }
}

function fingerprints(state: LedgerState, records: readonly Anchor[]): ReadonlyMap<number, number> {
  const batch = spanOf(records)
  const near = state.settled.filter((interval) => overlaps(interval, batch))
  const all: readonly Anchor[] = [...near.flatMap(({ anchors }) => anchors), ...state.open]
  return new Map(all.map(({ offset, timestamp }) => [offset, timestamp]))
}
