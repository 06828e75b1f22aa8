import type { Clock } from '../clock.js'
import type { AtomicWrite, LedgerItem, LedgerStore } from './store/index.js'
import { type Change, type Changed, compareAndSwap } from './swap.js'
import { type Transacted, transact } from './transact.js'

/** A change that leaves it to the memory what is known of its item. */
export type Fresh<Info, Stop> = Omit<Change<Info, Stop>, 'known'>

/** The ledger's writes, each beginning with the item as this environment wrote it last. */
export interface Memory {
  swap<Info, Stop>(owner: string, changes: readonly Fresh<Info, Stop>[]): Promise<readonly Changed<Info, Stop>[]>
  transact<Info, Stop>(
    owner: string,
    changes: readonly Fresh<Info, Stop>[],
    writes: readonly AtomicWrite[],
  ): Promise<Transacted<Info, Stop>>
}

/** Remembers items from write to write. */
export function remember(store: LedgerStore, clock: Clock): Memory {
  const items = new Map<string, LedgerItem>()

  /** What a failing write leaves is unknown: an item is only trusted after a write that is known to be the last. */
  const take = <Info, Stop>(changes: readonly Fresh<Info, Stop>[]): Change<Info, Stop>[] =>
    changes.map(({ key, decide }) => {
      const known = items.get(key.pk)
      items.delete(key.pk)
      return { key, known, decide }
    })

  function keep<Info, Stop>(
    changes: readonly Fresh<Info, Stop>[],
    changed: readonly (Changed<Info, Stop> | undefined)[],
  ): void {
    for (const [i, { key }] of changes.entries()) {
      const one = changed[i]
      if (one?.kind === 'written') items.set(key.pk, one.item)
    }
  }

  return {
    async swap(owner, changes) {
      const changed = await compareAndSwap(store, clock, owner, take(changes))
      keep(changes, changed)
      return changed
    },
    async transact(owner, changes, writes) {
      const done = await transact(store, clock, owner, take(changes), writes)
      if (done.kind === 'all') keep(changes, done.changed)
      return done
    },
  }
}
