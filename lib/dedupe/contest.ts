import type { RawRecord } from '../event/index.js'
import type { KeyedPartition, KeyVerdict } from './dedupe.js'
import { isRedriveOf, type Owner, owns, type Standing } from './owner.js'

/** The records of a batch that have one key in one topic, in the batch's order; never empty. */
export interface Contest {
  readonly topic: string
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
  /** The invocation that has last taken or confirmed the key, where that is told apart. */
  readonly token?: string | undefined
}

/** Whose a key is: nobody's, so that `take` may have it; a record's of this batch; another's. */
export type Ruling =
  | { readonly kind: 'free'; readonly take: RawRecord }
  | { readonly kind: 'ours'; readonly first: RawRecord }
  | { readonly kind: 'theirs'; readonly entry: Entry; readonly settled: boolean }

/** Groups by topic and key. */
export function contestsOf(partitions: readonly KeyedPartition[], idOf: (key: string) => string): Contest[] {
  const topics = new Map<string, Map<string, [RawRecord, ...RawRecord[]]>>()
  for (const { topic, records } of partitions) {
    const contests = topics.get(topic) ?? new Map<string, [RawRecord, ...RawRecord[]]>()
    topics.set(topic, contests)
    for (const { record, key } of records) {
      const rivals = contests.get(key)
      if (rivals === undefined) contests.set(key, [record])
      else rivals.push(record)
    }
  }
  return [...topics].flatMap(([topic, contests]) =>
    Array.from(contests, ([key, records]) => ({ topic, id: idOf(key), records })),
  )
}

/**
 * Decides whose the key is. An owner that is settled has had its effect. One that failed or is in somebody's hands will have it,
 * and its duplicates wait. One that merely waits to be run gives the key to the duplicate, which is here: else records could
 * wait for each other for ever, each behind the other's duplicate in its lane. So does one of which nothing is known: in doubt
 * a record is run again rather than skipped. An owner that was given up on is settled, too, and keeps its key from all but its
 * redrive, which has its effect in its place; from whom another redrive of it does not get the key.
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
  const redriven = records.find((record) => isRedriveOf(record, entry.owner))
  if (redriven !== undefined) return { kind: 'free', take: redriven }
  const stands = entry.result === undefined ? standingOf(entry.owner) : 'settled'
  return stands === 'unknown' || stands === 'waiting'
    ? { kind: 'free', take: records[0] }
    : { kind: 'theirs', entry, settled: stands === 'settled' }
}

/**
 * Who is to have the key that a record of the batch has. Where duplicates stop their lanes, nothing may wait for what stands
 * behind it: so it is the first in the batch's order; but where the owner has failed, its attempts are worth more, and the key
 * stays in its source partition.
 */
export function heirOf({ records }: Contest, owner: RawRecord, standing: Standing): RawRecord {
  if (standing === 'waiting') return records[0]
  if (standing !== 'unsettled') return owner
  return records.find(({ partition }) => partition === owner.partition) ?? owner
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
