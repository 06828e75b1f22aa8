import type { Clock } from '../clock.js'
import type { PartitionBatch, RawRecord } from '../event/index.js'
import { claim, type Delivery, type Found } from './claim.js'
import { type Fresh, remember } from './memory.js'
import { checkpoint, type Disposed, type Settlement, settle } from './settle.js'
import { type Anchor, keptTime, type LedgerState, type Marker, type OpenRecord } from './state.js'
import { type AtomicWrite, itemKey, type LedgerStore, type Refusal, type Usage } from './store/index.js'
import type { Changed } from './swap.js'

/** A source partition taken for this invocation. */
export interface Claimed {
  readonly kind: 'claimed'
  readonly partition: PartitionBatch
  readonly state: LedgerState
  /** Epoch ms until which nobody else takes it. */
  readonly leaseEnd: number
  /** The highest offset delivered before this claim; -1 for none. */
  readonly deliveredBefore: number
  /** What is not settled yet, offsets rising. */
  readonly todo: readonly RawRecord[]
  /** Open records that the batch reaches beyond without bringing them. */
  readonly abandoned: readonly OpenRecord[]
  /** The topic was recreated: what was known of the source partition is put aside. */
  readonly recreated: boolean
}

/** A source partition that somebody else holds until `leaseEnd`, epoch ms. */
export interface Busy {
  readonly kind: 'busy'
  readonly partition: PartitionBatch
  readonly leaseEnd: number
}

/** Who claims or writes, and when its process ends at the latest (epoch ms, or Infinity). */
export interface Holder {
  /** A nonce drawn per invocation. */
  readonly owner: string
  readonly deadline: number
}

/** What became of the records of one claim, for one write. */
export interface Progress {
  readonly claimed: Claimed
  /** Every record of the batch has its disposition. */
  readonly records: readonly Disposed[]
  /** Offsets of abandoned records whose report is acknowledged. */
  readonly abandoned: readonly number[]
  /** Null gives the claim back (settle); else it is kept, with a new lease and this marker (checkpoint). */
  readonly hold: { readonly marker: Marker | null } | null
}

/**
 * What became of a write: recorded; refused because the claim had gone to somebody else (rule 4); or not known, because the
 * store lost every answer.
 */
export type Recorded = { readonly kind: 'written'; readonly leaseEnd: number } | { readonly kind: 'stale' | 'unknown' }

/** What became of a write in one transaction with handlers' own writes. */
export type Committed =
  | Recorded
  | { readonly kind: 'refused'; readonly failures: readonly Refusal[] }
  | { readonly kind: 'invalid'; readonly cause: Error }
  /** Nothing was written: DynamoDB refused the call for good, or was busy with other transactions each time. */
  | { readonly kind: 'denied'; readonly cause: Error }
  | { readonly kind: 'contended'; readonly cause: Error }

/** Since it was opened; `recreated`: source partitions of recreated topics whose former state it has put aside. */
export type LedgerUsage = Usage & { readonly recreated: number }

/** The ledger as one environment sees it, for one group. */
export interface Ledger {
  readonly delivery: Delivery
  /** Milliseconds. */
  readonly leaseMs: number
  /** Takes the source partitions, each on its own, in one call. @throws MillraceError of the store */
  claim(partitions: readonly PartitionBatch[], holder: Holder): Promise<readonly (Claimed | Busy)[]>
  /** Settles or checkpoints claims, each on its own, in one call. @throws MillraceError of the store */
  record(progress: readonly Progress[], holder: Holder): Promise<readonly Recorded[]>
  /** Settles or checkpoints claims together with handlers' own writes: all or nothing. @throws MillraceError of the store */
  commit(progress: readonly Progress[], writes: readonly AtomicWrite[], holder: Holder): Promise<Committed>
  readonly usage: LedgerUsage
}

/** What a ledger is made of. */
export interface LedgerSettings {
  readonly store: LedgerStore
  readonly clock: Clock
  readonly group: string
  /** Milliseconds. A crash costs at most one lease of waiting. */
  readonly leaseMs: number
  /** The mapping may withhold records (rule 3). */
  readonly withholds: boolean
  /** Default at least once. */
  readonly delivery?: Delivery
}

/** A lease need not outlast the process of its owner by more than clocks may differ, in milliseconds. */
const marginMs = 1_000

/** Opens the ledger; items are remembered from call to call, so that the normal case needs no read. */
export function openLedger(settings: LedgerSettings): Ledger {
  const { store, clock, group, leaseMs, withholds, delivery = 'at-least-once' } = settings
  const memory = remember(store, clock)
  /** Batches that wait for a lease, and are known to be of the source partition as the ledger knows it. */
  const waiting = new WeakSet<PartitionBatch>()
  let recreated = 0
  const leaseUntil = ({ deadline }: Holder) => Math.min(clock.now() + leaseMs, deadline + marginMs)
  const key = ({ topic, partition }: PartitionBatch) => itemKey(group, topic, partition)

  /** The change that a progress makes: to a claim that is still its owner's. */
  function changeOf(progress: Progress, leaseEnd: number, { owner }: Holder): Fresh<null, 'stale'> {
    const { claimed, records, abandoned, hold } = progress
    const settlement: Settlement = {
      records,
      abandoned,
      deliveredBefore: claimed.deliveredBefore,
      withholds,
      delivery,
    }
    return {
      key: key(claimed.partition),
      decide(state) {
        if (state.claim?.owner !== owner) return { stop: 'stale' }
        return {
          write: hold === null ? settle(state, settlement) : checkpoint(state, settlement, { ...hold, leaseEnd }),
          info: null,
        }
      },
    }
  }

  return {
    delivery,
    leaseMs,
    get usage() {
      return { ...store.usage, recreated }
    },
    async claim(partitions, holder) {
      const now = clock.now()
      const leaseEnd = leaseUntil(holder)
      const changes = partitions.map((partition): Fresh<Found, number> => {
        const records = anchorsOf(partition)
        return {
          key: key(partition),
          decide(state) {
            const recognised = waiting.has(partition)
            const decision = claim(state, { owner: holder.owner, now, leaseEnd, records, delivery, recognised })
            if (decision.kind === 'busy') {
              if (decision.recognised) waiting.add(partition)
              return { stop: decision.leaseEnd }
            }
            return { write: decision.state, info: decision.found, putAside: decision.found.recreated }
          },
        }
      })
      const done = await memory.swap(holder.owner, changes)
      for (const one of done) if (one.kind === 'written' && one.info.recreated) recreated++
      return partitions.map((partition, i) => claimResult(partition, done[i], now))
    },
    async record(progress, holder) {
      const leaseEnd = leaseUntil(holder)
      const changes = progress.map((one) => changeOf(one, leaseEnd, holder))
      const done = await memory.swap(holder.owner, changes)
      return done.map(({ kind }) => recordedAs(kind, leaseEnd))
    },
    async commit(progress, writes, holder) {
      const leaseEnd = leaseUntil(holder)
      const changes = progress.map((one) => changeOf(one, leaseEnd, holder))
      const done = await memory.transact(holder.owner, changes, writes)
      if (done.kind === 'all') return recordedAs('written', leaseEnd)
      return done.kind === 'stopped' || done.kind === 'undecided' ? recordedAs(done.kind, leaseEnd) : done
    },
  }
}

/** Records with their timestamps as the ledger keeps them; nearly always that is as they are. */
function anchorsOf({ records }: PartitionBatch): readonly Anchor[] {
  if (records.every(({ timestamp }) => keptTime(timestamp) === timestamp)) return records
  return records.map(({ offset, timestamp }) => ({ offset, timestamp: keptTime(timestamp) }))
}

const recordedAs = (kind: 'written' | 'stopped' | 'undecided', leaseEnd: number): Recorded =>
  kind === 'written' ? { kind, leaseEnd } : { kind: kind === 'stopped' ? 'stale' : 'unknown' }

function claimResult(
  partition: PartitionBatch,
  changed: Changed<Found, number> | undefined,
  now: number,
): Claimed | Busy {
  if (changed?.kind === 'written') {
    const { state } = changed.item
    const { isDue, ...found } = changed.info
    const todo = partition.records.filter(({ offset }) => isDue(offset))
    return { kind: 'claimed', partition, state, leaseEnd: state.claim?.leaseEnd ?? now, ...found, todo }
  }
  // Rivals won every round; they may be done by now.
  return { kind: 'busy', partition, leaseEnd: changed?.kind === 'stopped' ? changed.stop : now }
}
