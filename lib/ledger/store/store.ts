import type { AtomicWrite, ItemKey, Transacted, Usage } from '../../table/index.js'
import type { LedgerState } from '../state.js'

/** A state with what the compare-and-swap needs. */
export interface LedgerItem {
  /** Rises by one with every write, and never restarts (rule 4). At least 1. */
  readonly version: number
  /** The id of the write that made this version, to know one's own write again when its answer was lost. */
  readonly writeId: string
  readonly state: LedgerState
}

/** Set the item, if its version is still `known`; 0: if there is no item. */
export interface Swap {
  readonly key: ItemKey
  readonly known: number
  readonly item: LedgerItem
}

/** What is known of a swap. `conflict` comes with the item where the store returned it; `lost`: it may or may not have been applied. */
export type SwapResult =
  | { readonly kind: 'applied' }
  | { readonly kind: 'conflict'; readonly item: LedgerItem | undefined }
  | { readonly kind: 'lost'; readonly cause: Error }

/** All of it, or nothing. No item twice; at most 100 items and 4 MB. */
export interface Transaction {
  readonly swaps: readonly Swap[]
  readonly writes: readonly AtomicWrite[]
  /** Makes a repeat of the same transaction safe for ten minutes. At most 36 characters. */
  readonly token: string
}

/** What is known of a transaction; its refusals name handlers' own writes. */
export type TransactResult = Transacted

/** The one kind of read and the one kind of write that the ledger makes, alone or with handlers' own writes. */
export interface LedgerStore {
  /** Consistent. In the order of the keys; undefined where there is no item. @throws MillraceError `ML_STORE_…`, `ML_TABLE_MISSING`, `ML_LEDGER_FORMAT` */
  load(keys: readonly ItemKey[]): Promise<readonly (LedgerItem | undefined)[]>
  /** Each swap atomic on its own, results in their order. Different keys only. @throws MillraceError as `load`, whatever was applied; the caller reads before it goes on */
  swap(swaps: readonly Swap[]): Promise<readonly SwapResult[]>
  /** `denied` with `ML_TRANSACTIONS_UNSUPPORTED` by a store that has none. */
  transact(transaction: Transaction): Promise<TransactResult>
  readonly usage: Usage
}

/** The key of the ledger item of one group and source partition: `<group>#<topic>#<partition>`; none of the three can hold a `#`. */
export const itemKey = (group: string, topic: string, partition: number): ItemKey => ({
  pk: `${group}#${topic}#${partition}`,
  sk: 'ledger',
})

/** Where the state of a former incarnation is put aside, by the version that it had. */
export const asideKey = ({ pk }: ItemKey, version: number): ItemKey => ({
  pk,
  sk: `incarnation#${String(version).padStart(16, '0')}`,
})
