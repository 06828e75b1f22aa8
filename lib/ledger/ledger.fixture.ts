import { type PartitionBatch, readBatch } from '../event/index.js'
import { kafkaEvent } from '../testing/events/index.js'
import type { Busy, Claimed, Holder, Ledger, Progress } from './ledger.js'
import { settled } from './state.fixture.js'

/** The source partitions of an event that brings these records. */
export const partitionsOf = (
  topic: string,
  records: Parameters<typeof kafkaEvent>[0]['records'],
): readonly PartitionBatch[] => readBatch(kafkaEvent({ topic, records })).partitions

export const holder = (owner = 'me', deadline = Number.POSITIVE_INFINITY): Holder => ({ owner, deadline })

/** What a ledger answered to a claim that it was to grant. */
export function granted(claim: Claimed | Busy | undefined): Claimed {
  if (claim?.kind !== 'claimed') throw new Error('busy')
  return claim
}

/** All of a claim's records settled. */
export const done = (claimed: Claimed, hold: Progress['hold'] = null): Progress => ({
  claimed,
  abandoned: [],
  hold,
  records: claimed.partition.records.map(({ offset, timestamp }) => ({ offset, timestamp, disposition: settled })),
})

export const doneAll = (claims: readonly Claimed[], hold: Progress['hold'] = null): Progress[] =>
  claims.map((claim) => done(claim, hold))

/** Settles claims, all of their records, and answers what became of each write. */
export const settleAll = async (ledger: Ledger, claims: readonly Claimed[], owner: string): Promise<string[]> =>
  (await ledger.record(doneAll(claims), holder(owner))).map(({ kind }) => kind)

/** Claims records 0 and 1 of so many partitions. */
export async function claimPairs(ledger: Ledger, topic: string, owner = 'me', partitions = 1): Promise<Claimed[]> {
  const records = Array.from({ length: partitions * 2 }, (_, i) => ({ partition: Math.floor(i / 2), value: i }))
  return (await ledger.claim(partitionsOf(topic, records), holder(owner))).map(granted)
}
