import { ConditionalCheckFailedException, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { storeError, wasRefused } from '../store-error.js'
import type { Connection, Item, Write, Written } from './table.js'

/** The same write as a call of its own, for stores without PartiQL. */
export async function writeByUpdate({ client, name, spent }: Connection, write: Write): Promise<Written> {
  try {
    const answer = await client.send(
      new UpdateItemCommand({ ...updateOf(name, write), ReturnConsumedCapacity: 'TOTAL' }),
    )
    spent('write', [answer.ConsumedCapacity])
    return { kind: 'applied' }
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return { kind: 'conflict', item: error.Item }
    if (wasRefused(error)) throw storeError(error, name)
    return { kind: 'lost', cause: storeError(error, name) }
  }
}

/** A write as an update of its item, alone or in a transaction. */
export function updateOf(table: string, { key: { pk, sk }, set, when }: Write) {
  const conditions = when === 'absent' ? {} : when
  return {
    TableName: table,
    Key: { pk: { S: pk }, sk: { S: sk } },
    UpdateExpression: `SET ${Object.keys(set)
      .map((name) => `#${name} = :${name}`)
      .join(', ')}`,
    ConditionExpression:
      when === 'absent'
        ? 'attribute_not_exists(pk)'
        : Object.keys(conditions)
            .map((name) => `#${name} = :when_${name}`)
            .join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(
      [...Object.keys(set), ...Object.keys(conditions)].map((name) => [`#${name}`, name]),
    ),
    ExpressionAttributeValues: { ...prefixed(':', set), ...prefixed(':when_', conditions) },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  }
}

const prefixed = (prefix: string, values: Readonly<Item>): Item =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value]))
