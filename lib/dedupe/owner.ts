import type { RawRecord } from '../event/index.js'
import { isCovered, keptTime, type LedgerState } from '../ledger/index.js'
import { originalOf } from '../redrive/index.js'
import type { RecordId } from './dedupe.js'

/** The record that a key belongs to. */
export interface Owner extends RecordId {
  /** The record's timestamp as the ledger keeps it: its fingerprint. */
  readonly timestamp: number
  /** Epoch ms at which it took the key. */
  readonly since: number
}

/**
 * How an owner stands with its ledger. `unsettled`: failed, or in somebody's hands. `waiting`: neither, but to be run yet, or run
 * again. `unknown`: abandoned, forgotten by the ledger's bound, or of another incarnation.
 */
export type Standing = 'settled' | 'unsettled' | 'waiting' | 'unknown'

/** The clocks of two environments may differ by so much, in milliseconds. */
const clockSkewMs = 5_000

/** Producers' clocks may run ahead of this one's by so much, in milliseconds. */
const skewMs = 60_000

export const ownerOf = ({ topic, partition, offset, timestamp }: RawRecord, since: number): Owner => ({
  topic,
  partition,
  offset,
  timestamp: keptTime(timestamp),
  since,
})

/** Whether this very record owns the key. One of a recreated topic has another timestamp. */
export const owns = (owner: Owner, record: Pick<RawRecord, keyof RecordId | 'timestamp'>): boolean =>
  owner.offset === record.offset &&
  owner.partition === record.partition &&
  owner.topic === record.topic &&
  owner.timestamp === keptTime(record.timestamp)

/** Whether a record is the redrive of the one that owns the key: that was given up on, and this one has its effect. */
export function isRedriveOf(record: RawRecord, owner: Owner): boolean {
  const original = originalOf(record)
  return original !== undefined && owns(owner, original)
}

/**
 * Reads from the ledger of its source partition whether an owner is settled. Nothing that is settled is ever due, so what the
 * settled set covers is settled, whatever claim or crash touches it. What is neither covered nor anywhere else in the ledger was
 * settled and forgotten by its bound, if it lies above all that was ever left unsettled; else it is not known to be settled,
 * and its duplicate takes the key and is run (rule 2).
 *
 * @param held the claim in the state is the asker's own, who brings the owner if it is due: that claim is no evidence
 */
export function standing(state: LedgerState, owner: Owner, held: boolean, now: number): Standing {
  const { offset } = owner
  if (isOfAnother(state, owner, now)) return 'unknown'
  if (isCovered(state.settled, offset)) return 'settled'
  const open = state.open.find((entry) => entry.offset === offset)
  if (open !== undefined) return open.timestamp === owner.timestamp ? 'unsettled' : 'unknown'
  const { pending, crashed, claim } = state
  if (claim !== null && !held && isCovered([claim.inFlight], offset)) return 'unsettled'
  if (isCovered(crashed === null ? pending : [...pending, crashed], offset)) return 'waiting'
  return offset > state.left && offset <= state.delivered ? 'settled' : 'unknown'
}

/**
 * How an owner stands in a source partition that the asker has claimed. Once its lease is over, the state tells only what is
 * settled: somebody else may have the rest.
 */
export function standingHeld(state: LedgerState, owner: Owner, now: number): Standing {
  const stands = standing(state, owner, true, now)
  return stands === 'settled' || isLeased(state, now) ? stands : 'unsettled'
}

/** Whether the claim in a state lasts. */
export const isLeased = ({ claim }: LedgerState, now: number): boolean => claim !== null && now < claim.leaseEnd

/**
 * Whether the ledger speaks of another incarnation than the owner's, as far as timestamps tell (rule 8): it remembers another
 * record at that offset; or, at a lower one, a record made after the owner had been delivered. A time still to come tells nothing.
 */
function isOfAnother({ settled, born }: LedgerState, { offset, timestamp, since }: Owner, now: number): boolean {
  if (since + clockSkewMs < born) return true
  const isLater = (time: number) => time > since + skewMs && time <= now + skewMs
  return settled.some(
    ({ from, anchors }) =>
      from <= offset &&
      anchors.some((anchor) =>
        anchor.offset === offset ? anchor.timestamp !== timestamp : anchor.offset < offset && isLater(anchor.timestamp),
      ),
  )
}
