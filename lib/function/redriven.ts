import type { Deduplicator, KeyedRecord, KeyVerdict } from '../dedupe/index.js'
import type { Reserved } from '../engine/index.js'
import type { RawRecord } from '../event/index.js'
import type { Claimed } from '../ledger/index.js'
import { type Original, originalOf } from '../redrive/index.js'

/** Seconds for which it is remembered that a record was redriven. */
export const redrivenTtlSeconds = 14 * 86_400

type Verdicts = ReadonlyMap<RawRecord, Reserved>

const none: Verdicts = new Map()

/**
 * What redriven records are, before anything of them is decoded: another group's, or one of several that repeat the same record,
 * of which one has the effect. That which they repeat is their key, of the whole group; a batch without any costs nothing.
 */
export function redriveReservation(
  group: string,
  deduplicator: Deduplicator,
  now: () => number,
): (claims: readonly Claimed[]) => Promise<Verdicts> {
  return async (claims) => {
    const foreign = new Map<RawRecord, Reserved>()
    let count = 0
    const partitions = claims.map(({ partition: { topic, partition }, state, todo }) => {
      const records: KeyedRecord[] = []
      for (const record of todo) {
        const original = originalOf(record)
        if (original === undefined) continue
        if (original.group === group) records.push({ record, key: keyOf(original) })
        else foreign.set(record, { kind: 'foreign', group: original.group })
      }
      count += records.length
      return { topic, partition, state, records }
    })
    if (count === 0) return foreign.size > 0 ? foreign : none
    const told = await deduplicator.reserve(partitions, now())
    return new Map<RawRecord, Reserved>([...foreign, ...Array.from(told, ruled)])
  }
}

const ruled = ([record, verdict]: [RawRecord, KeyVerdict]): [RawRecord, Reserved] => [
  record,
  { ...verdict, rule: 'redriven before' },
]

/** No text that a user's own key is likely to be. */
const keyOf = ({ topic, partition, offset, timestamp }: Original): string =>
  JSON.stringify(['redriven', topic, partition, offset, timestamp])
