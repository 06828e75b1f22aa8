import { standing } from '../dedupe/index.js'
import { isCovered, itemKey, keptTime, type LedgerStore } from '../ledger/index.js'
import type { Provenance } from '../sink/envelope/index.js'

/**
 * What the ledger has of a record that Lambda went on without, and then brought all the same: that it is settled, or that it has
 * failed since, or is in somebody's hands. Undefined for none of it, and where another record has its offset in a topic that was
 * made anew. `now`: epoch ms.
 */
export async function cameAfterAll(
  store: Pick<LedgerStore, 'load'>,
  { group, topic, partition, offset, timestamp, firstSeen: since }: Provenance,
  now: number,
): Promise<'settled' | 'unsettled' | undefined> {
  const [item] = await store.load([itemKey(group, topic, partition)])
  if (item === undefined) return undefined
  const record = { topic, partition, offset, timestamp: keptTime(timestamp), since }
  const stands = standing(item.state, record, false, now)
  if (stands === 'unsettled') return stands
  return stands === 'settled' && isCovered(item.state.settled, offset) ? stands : undefined
}
