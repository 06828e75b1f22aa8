import type { Clock } from '../clock.js'
import type { PartitionBatch } from '../event/index.js'
import { claim } from './claim.js'
import { type Disposed, settle } from './settle.js'
import type { LedgerState } from './state.js'
import { itemKey, type LedgerItem, type LedgerStore, type Usage } from './store/index.js'
import { type Change, type Changed, compareAndSwap } from './swap.js'

/** A source partition taken for this invocation. */
export interface Claimed {
  readonly kind: 'claimed'
  readonly partition: PartitionBatch
  readonly state: LedgerState
  /** The highest offset delivered before this claim; -1 for none. */
  readonly deliveredBefore: number
}

/** A source partition that somebody else holds until `leaseEnd`, epoch ms. */
export interface Busy {
  readonly kind: 'busy'
  readonly partition: PartitionBatch
  readonly leaseEnd: number
}

/** What became of a settle: written, or refused because the claim had gone to somebody else (rule 4). */
export type Settled = 'settled' | 'stale'

/** The ledger as one environment sees it, for one group. */
export interface Ledger {
  /** Takes the source partitions, each on its own, in one call. @throws MillraceError of the store */
  claim(partitions: readonly PartitionBatch[], owner: string): Promise<readonly (Claimed | Busy)[]>
  /** Records what became of the records and gives the claims back, in one call. Every record of the batch has its disposition. */
  settle(
    claims: readonly { claimed: Claimed; records: readonly Disposed[] }[],
    owner: string,
  ): Promise<readonly Settled[]>
  readonly usage: Usage
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
}

/** Opens the ledger; items are remembered from call to call, so that the normal case needs no read. */
export function openLedger({ store, clock, group, leaseMs, withholds }: LedgerSettings): Ledger {
  const memory = new Map<string, LedgerItem>()

  async function change<Stop>(owner: string, changes: readonly Change<Stop>[]): Promise<readonly Changed<Stop>[]> {
    // What is written meanwhile is unknown if this fails: memory is only trusted after a write that is known to be the last.
    const known = changes.map((one) => ({ ...one, known: memory.get(one.key.pk) }))
    for (const { key } of changes) memory.delete(key.pk)
    const done = await compareAndSwap(store, clock, owner, known)
    for (const [i, one] of done.entries()) {
      const key = changes[i]?.key
      if (one.kind === 'written' && key !== undefined) memory.set(key.pk, one.item)
    }
    return done
  }

  return {
    usage: store.usage,
    async claim(partitions, owner) {
      const now = clock.now()
      const changes = partitions.map(({ topic, partition, records }): Change<number> => {
        const range = { from: records[0]?.offset ?? 0, to: records.at(-1)?.offset ?? 0 }
        const newest = records.reduce((max, { timestamp }) => (timestamp <= now ? Math.max(max, timestamp) : max), 0)
        return {
          key: itemKey(group, topic, partition),
          known: undefined,
          decide(state) {
            const decision = claim(state, { owner, now, leaseEnd: now + leaseMs, range, newest })
            return decision.kind === 'busy' ? { stop: decision.leaseEnd } : { write: decision.state }
          },
        }
      })
      const done = await change(owner, changes)
      return partitions.map((partition, i) => claimResult(partition, done[i], now))
    },
    async settle(claims, owner) {
      const changes = claims.map(({ claimed, records }): Change<'stale'> => {
        const { topic, partition } = claimed.partition
        const settlement = { records, deliveredBefore: claimed.deliveredBefore, withholds }
        return {
          key: itemKey(group, topic, partition),
          known: undefined,
          decide: (state) => (state.claim?.owner === owner ? { write: settle(state, settlement) } : { stop: 'stale' }),
        }
      })
      return (await change(owner, changes)).map((one) => (one.kind === 'written' ? 'settled' : 'stale'))
    },
  }
}

function claimResult(partition: PartitionBatch, changed: Changed<number> | undefined, now: number): Claimed | Busy {
  if (changed?.kind === 'written') {
    return { kind: 'claimed', partition, state: changed.item.state, deliveredBefore: changed.before.delivered }
  }
  // Rivals won every round; they may be done by now.
  return { kind: 'busy', partition, leaseEnd: changed?.kind === 'stopped' ? changed.stop : now }
}
