import type { LedgerState } from '../../ledger/index.js'
import { isCovered } from '../../ledger/index.js'
import type { History } from './history.js'
import type { Entry } from './truth.js'
import type { World } from './world.js'

/** Whether two records of one source partition are of one lane. */
export function inOneLane(a: Entry, b: Entry, { order }: World): boolean {
  if (order === 'none') return false
  return order === 'partition' || a.key === b.key
}

/**
 * The first record ahead of this one in its lane that it should have waited for.
 *
 * @param resolved records that have come to their end, whether or not that is settled yet
 */
export function overtaken(
  entry: Entry,
  log: readonly Entry[],
  state: LedgerState,
  resolved: ReadonlySet<Entry>,
  world: World,
  history: History,
): Entry | undefined {
  for (const other of log) {
    if (other.offset >= entry.offset) return undefined
    if (other.withheld || other.settled || resolved.has(other) || !inOneLane(other, entry, world)) continue
    const open = state.open.find(({ offset }) => offset === other.offset)
    if (open?.givenUp || open?.convicted || other.plan.kind === 'poison' || isCovered(state.settled, other.offset))
      continue
    if (!other.gone && !other.abandoned) return other
    history.count('out of order behind what was given up')
  }
  return undefined
}
