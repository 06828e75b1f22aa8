import type { LedgerState } from './state.js'
import { itemKey, type LedgerItem, type LedgerStore } from './store/index.js'

/** What a group's ledger has of one partition of a topic. */
export interface KnownPartition {
  readonly partition: number
  readonly item: LedgerItem
}

/** A topic as one group sees it. */
export interface Place {
  readonly group: string
  readonly topic: string
}

/** As many partitions are asked for at once, and the last of a topic are taken to be found when none of so many has a ledger. */
const atOnce = 100

/** Those of all partitions that have a ledger, some at a time, rising. @throws MillraceError as `load` of the store */
export async function* everyPartition(store: LedgerStore, place: Place): AsyncGenerator<readonly KnownPartition[]> {
  for (let from = 0; ; from += atOnce) {
    const some = await loadPartitions(
      store,
      place,
      Array.from({ length: atOnce }, (_, i) => from + i),
    )
    if (some.length === 0) return
    yield some
  }
}

/** Those of these partitions that have a ledger. @throws MillraceError as `load` of the store */
export async function loadPartitions(
  store: LedgerStore,
  { group, topic }: Place,
  partitions: readonly number[],
): Promise<readonly KnownPartition[]> {
  const items = await store.load(partitions.map((partition) => itemKey(group, topic, partition)))
  return partitions.flatMap((partition, i) => {
    const item = items[i]
    return item ? [{ partition, item }] : []
  })
}

/** Below this offset nothing is known to wait: what was delivered there is settled. */
export function frontierOf({ delivered, open, pending, crashed, claim }: LedgerState): number {
  const waiting = [open[0]?.offset, pending[0]?.from, crashed?.from, claim?.inFlight.from]
  return Math.min(delivered + 1, ...waiting.flatMap((offset) => offset ?? []))
}
