import { ConditionalCheckFailedException, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { storeError, wasRefused } from '../../store-error.js'
import { attributes, decodeItem, encodeItem } from './item.js'
import type { Swap, SwapResult } from './store.js'
import type { Table } from './table.js'

/** The same swaps as single calls, side by side, for stores without PartiQL. */
export function swapByUpdate(table: Table, swaps: readonly Swap[]): Promise<SwapResult[]> {
  return Promise.all(swaps.map((swap) => swapOne(table, swap)))
}

/** A swap as an update of its item, alone or in a transaction. */
export function updateOf(table: string, { key: { pk, sk }, known, item }: Swap) {
  const [v, w, s] = encodeItem(item)
  return {
    TableName: table,
    Key: { pk: { S: pk }, sk: { S: sk } },
    UpdateExpression: 'SET #v = :v, #w = :w, #s = :s',
    ConditionExpression: known === 0 ? 'attribute_not_exists(pk)' : '#v = :known',
    ExpressionAttributeNames: { '#v': attributes.version, '#w': attributes.writeId, '#s': attributes.state },
    ExpressionAttributeValues: { ':v': v, ':w': w, ':s': s, ...(known > 0 && { ':known': { N: String(known) } }) },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  }
}

async function swapOne(table: Table, swap: Swap): Promise<SwapResult> {
  const update = updateOf(table.name, swap)
  try {
    const answer = await table.client.send(new UpdateItemCommand({ ...update, ReturnConsumedCapacity: 'TOTAL' }))
    table.spent('write', [answer.ConsumedCapacity])
    return { kind: 'applied' }
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) {
      return { kind: 'conflict', item: error.Item && decodeItem(error.Item) }
    }
    if (wasRefused(error)) throw storeError(error, table.name)
    return { kind: 'lost', cause: storeError(error, table.name) }
  }
}
