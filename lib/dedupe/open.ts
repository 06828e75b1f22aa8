import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Clock } from '../clock.js'
import type { LedgerStore } from '../ledger/index.js'
import { openTable } from '../table/index.js'
import type { Deduplicator } from './dedupe.js'
import { groupScope } from './group/index.js'
import type { Scope } from './option.js'
import { partitionScope } from './partition/index.js'

/** What a deduplicator is made of. */
export interface DeduplicatorSettings {
  readonly client: DynamoDBClient
  /** The ledger table: keys are kept beside the ledger. */
  readonly table: string
  /** Reads the ledgers of owners; that of the same table. */
  readonly store: Pick<LedgerStore, 'load'>
  readonly clock: Clock
  /** Consumer group id: two groups never share a key. */
  readonly group: string
  readonly scope: Scope
  /** How long a key is remembered. */
  readonly ttlSeconds: number
}

/** Opens the deduplicator of one group; once per environment, for in scope `partition` it remembers keys from call to call. */
export function openDeduplicator(settings: DeduplicatorSettings): Deduplicator {
  const { client, table, store, clock, group, scope, ttlSeconds } = settings
  const shared = { table: openTable(client, table, clock), clock, group, ttlMs: ttlSeconds * 1_000 }
  return scope === 'partition' ? partitionScope(shared) : groupScope({ ...shared, store })
}
