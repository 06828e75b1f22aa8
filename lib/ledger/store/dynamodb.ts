import {
  type AttributeValue,
  BatchGetItemCommand,
  type BatchGetItemCommandOutput,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb'
import { systemClock } from '../../clock.js'
import { MillraceError } from '../../errors.js'
import { isUnknownOperation, storeError, wasRefused } from '../../store-error.js'
import { decodeItem } from './item.js'
import { swapByPartiql } from './partiql.js'
import type { ItemKey, LedgerItem, LedgerStore, Swap, SwapResult } from './store.js'
import type { Table } from './table.js'
import { transactWrites } from './transact.js'
import { swapByUpdate } from './update.js'

/**
 * The ledger's store on a DynamoDB table.
 *
 * Swaps of one event travel in one `BatchExecuteStatement`; a store without PartiQL (dynalite) gets the same swaps as
 * concurrent `UpdateItem` calls.
 */
export function dynamodbStore(client: DynamoDBClient, name: string): LedgerStore {
  const usage = { calls: 0, readUnits: 0, writeUnits: 0 }
  const table: Table = {
    client,
    name,
    spent(kind, capacity) {
      usage.calls++
      usage[`${kind}Units`] += (capacity ?? []).reduce((sum, used) => sum + (used?.CapacityUnits ?? 0), 0)
    },
  }
  let swapAll: typeof swapByPartiql = swapByPartiql
  return {
    usage,
    load: (keys) => load(table, keys),
    transact: (transaction) => transactWrites(table, transaction),
    async swap(swaps) {
      try {
        return await swapAll(table, swaps)
      } catch (error) {
        if (swapAll === swapByPartiql && isUnknownOperation(error)) {
          swapAll = swapByUpdate
          return await this.swap(swaps)
        }
        if (error instanceof MillraceError || wasRefused(error)) throw storeError(error, name)
        return lost(swaps, storeError(error, name))
      }
    },
  }
}

const lost = (swaps: readonly Swap[], cause: Error): SwapResult[] => swaps.map(() => ({ kind: 'lost', cause }))

async function load(table: Table, keys: readonly ItemKey[]): Promise<(LedgerItem | undefined)[]> {
  const found = new Map<string, LedgerItem>()
  // 100 keys are the limit of one BatchGetItem.
  for (let i = 0; i < keys.length; i += 100) {
    for (const item of await getAll(table, keys.slice(i, i + 100)))
      found.set(`${item.pk?.S} ${item.sk?.S}`, decodeItem(item))
  }
  return keys.map(({ pk, sk }) => found.get(`${pk} ${sk}`))
}

/** What a throttled table leaves unread is asked for again so many times, each wait twice as long as the one before. */
const maxTries = 6

async function getAll(table: Table, keys: readonly ItemKey[]): Promise<Record<string, AttributeValue>[]> {
  const items: Record<string, AttributeValue>[] = []
  let left: Record<string, AttributeValue>[] = keys.map(({ pk, sk }) => ({ pk: { S: pk }, sk: { S: sk } }))
  for (let tries = 0; left.length > 0; tries++) {
    if (tries === maxTries) {
      throw new MillraceError(
        'ML_STORE_UNREACHABLE',
        `DynamoDB left ${left.length} items of ${table.name} unread in ${tries} tries: it is throttled; raise the table's capacity`,
      )
    }
    if (tries > 0) await systemClock.sleep(Math.random() * 25 * 2 ** tries)
    const answer = await getBatch(table, left)
    items.push(...(answer.Responses?.[table.name] ?? []))
    left = answer.UnprocessedKeys?.[table.name]?.Keys ?? []
  }
  return items
}

async function getBatch(table: Table, Keys: Record<string, AttributeValue>[]): Promise<BatchGetItemCommandOutput> {
  try {
    const answer = await table.client.send(
      new BatchGetItemCommand({
        RequestItems: { [table.name]: { Keys, ConsistentRead: true } },
        ReturnConsumedCapacity: 'TOTAL',
      }),
    )
    table.spent('read', answer.ConsumedCapacity)
    return answer
  } catch (error) {
    throw storeError(error, table.name)
  }
}
