import type { RawRecord } from '../event/index.js'
import type { KeyedPartition, KeyVerdict } from './dedupe.js'
import { type Owner, owns, type Standing } from './owner.js'

/** The records of a batch that have one key, in the batch's order; never empty. */
export interface Contest {
  /** The hash of the key. */
  readonly id: string
  readonly records: readonly [RawRecord, ...RawRecord[]]
}

/** What is known of a key. */
export interface Entry {
  readonly owner: Owner
  /** Epoch ms from which the entry counts as absent. */
  readonly expires: number
  /** The first result, as JSON: its owner is settled. */
  readonly result?: string | undefined
}

/** Whose a key is: nobody's, so that `take` may have it; a record's of this batch; another's. */
export type Ruling =
  | { readonly kind: 'free'; readonly take: RawRecord }
  | { readonly kind: 'ours'; readonly first: RawRecord }
  | { readonly kind: 'theirs'; readonly entry: Entry; readonly settled: boolean }

/** Groups by key. */
export function contestsOf(partitions: readonly KeyedPartition[], idOf: (key: string) => string): Contest[] {
  const contests = new Map<string, [RawRecord, ...RawRecord[]]>()
  for (const { records } of partitions) {
    for (const { record, key } of records) {
      const rivals = contests.get(key)
      if (rivals === undefined) contests.set(key, [record])
      else rivals.push(record)
    }
  }
  return Array.from(contests, ([key, records]) => ({ id: idOf(key), records }))
}

/**
 * Decides whose the key is. An owner that is settled has had its effect; one that is not will have it, or its duplicate will,
 * once it is; one of which nothing is known gives the key to the duplicate: in doubt a record is run again rather than skipped.
 */
export function rule(
  { records }: Contest,
  entry: Entry | undefined,
  standingOf: (owner: Owner) => Standing,
  now: number,
): Ruling {
  if (entry === undefined) return { kind: 'free', take: records[0] }
  const first = records.find((record) => owns(entry.owner, record))
  if (entry.expires <= now) return { kind: 'free', take: first ?? records[0] }
  if (first !== undefined) return { kind: 'ours', first }
  const stands = entry.result === undefined ? standingOf(entry.owner) : 'settled'
  return stands === 'unknown'
    ? { kind: 'free', take: records[0] }
    : { kind: 'theirs', entry, settled: stands === 'settled' }
}

/** The verdicts where a record of the batch has the key: it is the first, the others are its duplicates. */
export function ours({ records }: Contest, first: RawRecord): [RawRecord, KeyVerdict][] {
  const { topic, partition, offset } = first
  const duplicate: KeyVerdict = {
    kind: 'duplicate',
    ofSettled: false,
    owner: { topic, partition, offset },
    sameBatch: true,
  }
  return records.map((record) => [record, record === first ? { kind: 'first' } : duplicate])
}

/** The verdicts where another record has the key. */
export function theirs(
  { records }: Contest,
  { entry: { owner, result }, settled }: Extract<Ruling, { kind: 'theirs' }>,
): [RawRecord, KeyVerdict][] {
  const { topic, partition, offset } = owner
  const id = { topic, partition, offset }
  const verdict: KeyVerdict = settled
    ? { kind: 'duplicate', ofSettled: true, owner: id, ...(result !== undefined && { result: JSON.parse(result) }) }
    : { kind: 'duplicate', ofSettled: false, owner: id, sameBatch: false }
  return records.map((record) => [record, verdict])
}
