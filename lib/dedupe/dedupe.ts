import type { Clock } from '../clock.js'
import type { RawRecord } from '../event/index.js'
import type { LedgerState, LedgerStore } from '../ledger/index.js'
import type { Table, Usage } from '../table/index.js'

/** Where a record stands in Kafka. */
export interface RecordId {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** A record with its idempotency key. */
export interface KeyedRecord {
  readonly record: RawRecord
  readonly key: string
}

/** What is about to run of one claimed source partition. */
export interface KeyedPartition {
  readonly topic: string
  readonly partition: number
  /** As the claim has written it. */
  readonly state: LedgerState
  /** Offsets rising. */
  readonly records: readonly KeyedRecord[]
}

/** What a record is to its key. */
export type KeyVerdict =
  /** It owns its key: it is run, and run again until it is settled. */
  | { readonly kind: 'first' }
  /** Another record owns the key and is settled: this one counts as ok, without being run. */
  | {
      readonly kind: 'duplicate'
      readonly ofSettled: true
      readonly owner: RecordId
      /** What the owner gave through `ctx.result`, where first results are kept. */
      readonly result?: unknown
    }
  /**
   * Another record owns the key and is not settled yet. `sameBatch`: it is about to run in this batch, and what becomes of it
   * decides: the duplicate is ok if it is settled, else it is reported. Otherwise this record is reported, at no attempt's cost.
   */
  | { readonly kind: 'duplicate'; readonly ofSettled: false; readonly owner: RecordId; readonly sameBatch: boolean }

/** The first result of a key, as `encodeResult` made it, by the record that owns the key and is settled. */
export interface FirstResult extends KeyedRecord {
  readonly result: string
}

/** Tells, key by key, which record has the effect of a business event that was produced more than once. */
export interface Deduplicator {
  /**
   * Reserves the keys of what is about to run. Called once per invocation, after the claims and before anything of these
   * source partitions runs: what was not reserved may not run. Partitions without keys count too, for what is held of them.
   *
   * Where the same key comes several times, the first in the order given owns it, unless another is known to already.
   *
   * @param now epoch ms
   * @throws MillraceError `ML_STORE_…`, `ML_TABLE_MISSING`, `ML_LEDGER_FORMAT`; nothing may run then, and a repeat is safe
   */
  reserve(partitions: readonly KeyedPartition[], now: number): Promise<ReadonlyMap<RawRecord, KeyVerdict>>
  /**
   * Keeps first results for the duplicates to come. Called after the settle of their records is known to have succeeded: a
   * kept result says that its record is settled. Results of records that no longer own their key are dropped.
   *
   * @throws MillraceError of the store; then some duplicates get no result, and nothing else is amiss
   */
  keepResults(results: readonly FirstResult[]): Promise<void>
  /** What the calls above have cost; ledger items that were read are on the ledger store's account. */
  readonly usage: Usage
}

/** What a scope is made of. */
export interface ScopeSettings {
  /** The ledger table: keys are kept beside the ledger. */
  readonly table: Table
  /** Reads the ledgers of owners. */
  readonly store: Pick<LedgerStore, 'load'>
  readonly clock: Clock
  readonly group: string
  /** Milliseconds for which a key is remembered, from the delivery of its first record on. */
  readonly ttlMs: number
}
