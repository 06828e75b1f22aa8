import { itemKey, type LedgerState, type LedgerStore } from '../../ledger/index.js'
import type { KeyedPartition, RecordId } from '../dedupe.js'
import { isLeased, type Owner, type Standing, standing, standingHeld } from '../owner.js'

/** The states of the source partitions that this invocation has claimed. */
export type Held = ReadonlyMap<string, LedgerState>

type Place = Pick<RecordId, 'topic' | 'partition'>

const textOf = ({ topic, partition }: Place): string => `${topic}#${partition}`

export const heldBy = (partitions: readonly KeyedPartition[]): Held =>
  new Map(partitions.map((one) => [textOf(one), one.state]))

/** Tells whether this invocation has a record's source partition to itself for certain. */
export const isHeld =
  (held: Held, nowMs: number) =>
  (place: Place): boolean => {
    const state = held.get(textOf(place))
    return state !== undefined && isLeased(state, nowMs)
  }

/**
 * How owners stand, by the states held or else by those in the store. To be asked after the entries were read: a record that
 * was settled since then is found settled, its claim came before its entry, and whoever claims it later confirms its entry.
 *
 * @param nowMs epoch ms at this moment, not when the call began
 */
export async function standingsOf(
  store: Pick<LedgerStore, 'load'>,
  group: string,
  held: Held,
  owners: readonly Owner[],
  nowMs: number,
): Promise<(owner: Owner) => Standing> {
  const elsewhere = new Map<string, Place>()
  for (const owner of owners) if (!held.has(textOf(owner))) elsewhere.set(textOf(owner), owner)
  const places = [...elsewhere.values()]
  const items = places.length === 0 ? [] : await store.load(places.map((at) => itemKey(group, at.topic, at.partition)))
  const loaded: Held = new Map(places.flatMap((at, i) => (items[i] ? [[textOf(at), items[i].state]] : [])))
  return (owner) => {
    const mine = held.get(textOf(owner))
    if (mine !== undefined) return standingHeld(mine, owner, nowMs)
    const state = loaded.get(textOf(owner))
    return state === undefined ? 'unknown' : standing(state, owner, false, nowMs)
  }
}
