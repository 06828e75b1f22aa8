import { standing } from '../dedupe/index.js'
import { isCovered, itemKey, keptTime, type LedgerStore } from '../ledger/index.js'
import type { Provenance } from '../sink/envelope/index.js'

/**
 * Whether the ledger has a record that Lambda went on without as settled all the same: the record itself, not one that has its
 * offset in a topic that was made anew. `now`: epoch ms.
 */
export async function wasSettled(
  store: Pick<LedgerStore, 'load'>,
  { group, topic, partition, offset, timestamp, firstSeen: since }: Provenance,
  now: number,
): Promise<boolean> {
  const [item] = await store.load([itemKey(group, topic, partition)])
  const record = { topic, partition, offset, timestamp: keptTime(timestamp), since }
  if (item === undefined || !isCovered(item.state.settled, offset)) return false
  return standing(item.state, record, false, now) === 'settled'
}
