import { itemKey, type LedgerState, type LedgerStore } from '../../ledger/index.js'
import type { KeyedPartition, RecordId } from '../dedupe.js'
import { type Owner, type Standing, standing } from '../owner.js'

/** The states of the source partitions that this invocation has claimed. */
export type Held = ReadonlyMap<string, LedgerState>

type Place = Pick<RecordId, 'topic' | 'partition'>

const textOf = ({ topic, partition }: Place): string => `${topic}#${partition}`

export const heldBy = (partitions: readonly KeyedPartition[]): Held =>
  new Map(partitions.map((one) => [textOf(one), one.state]))

/**
 * How owners stand, by the states held or else by those in the store. To be asked after the entries were read: a record that
 * was settled since then is found settled, and its claim came before its entry.
 */
export async function standingsOf(
  store: Pick<LedgerStore, 'load'>,
  group: string,
  held: Held,
  owners: readonly Owner[],
  now: number,
): Promise<(owner: Owner) => Standing> {
  const elsewhere = new Map<string, Place>()
  for (const owner of owners) if (!held.has(textOf(owner))) elsewhere.set(textOf(owner), owner)
  const places = [...elsewhere.values()]
  const items = places.length === 0 ? [] : await store.load(places.map((at) => itemKey(group, at.topic, at.partition)))
  const loaded: Held = new Map(places.flatMap((at, i) => (items[i] ? [[textOf(at), items[i].state]] : [])))
  return (owner) => {
    const mine = held.get(textOf(owner))
    const state = mine ?? loaded.get(textOf(owner))
    return state === undefined ? 'unknown' : standing(state, owner, mine !== undefined, now)
  }
}
