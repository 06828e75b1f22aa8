import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Clock } from '../clock.js'
import type { Deployment } from '../deployment/index.js'
import { dynamodbStore, everyPartition } from '../ledger/index.js'
import { countFailures, type FailuresWaiting } from './failures.js'
import { type Look, type PartitionHealth, partitionHealth } from './partition.js'

/** How a service is, as its tables tell. It holds no record's key or value, and no secret. */
export interface Health {
  /** `stalled`: in some partition something waits that nobody has come for, for longer than the service allows. */
  readonly status: 'ok' | 'stalled'
  /** Epoch milliseconds. */
  readonly at: number
  readonly failuresWaiting: FailuresWaiting
  /** Those that were ever read, by the mappings of the service in their order. */
  readonly partitions: readonly PartitionHealth[]
}

/** Looks at a service again and again. */
export interface Watch {
  /** @throws MillraceError `ML_STORE_…`, `ML_TABLE_MISSING`, `ML_LEDGER_FORMAT` */
  look(): Promise<Health>
}

/**
 * @param stallMs how long something that is due may wait, in milliseconds
 */
export function openWatch(
  client: DynamoDBClient,
  { ledgerTable, failuresTable, mappings }: Deployment,
  { clock, stallMs }: { readonly clock: Pick<Clock, 'now'>; readonly stallMs: number },
): Watch {
  const store = dynamodbStore(client, ledgerTable)
  // What an earlier look saw. A new environment knows nothing, and says the less.
  const looks = new Map<string, Look>()

  async function partitions(now: number): Promise<PartitionHealth[]> {
    const found: PartitionHealth[] = []
    for (const { group, topic } of mappings) {
      for await (const some of everyPartition(store, { group, topic })) {
        for (const one of some) {
          const name = `${group}#${topic}#${one.partition}`
          const before = looks.get(name)
          const look = before?.version === one.item.version ? before : { version: one.item.version, since: now }
          looks.set(name, look)
          found.push(partitionHealth({ group, topic }, one, { look, now, stallMs }))
        }
      }
    }
    return found
  }

  return {
    async look() {
      // Before the tables are read: what is written meanwhile is newer.
      const at = clock.now()
      const [failuresWaiting, found] = await Promise.all([countFailures(client, failuresTable), partitions(at)])
      return { status: found.some(({ stalled }) => stalled) ? 'stalled' : 'ok', at, failuresWaiting, partitions: found }
    },
  }
}
