import { BatchGetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { MillraceError } from '../errors.js'
import { storeError } from '../store-error.js'
import { chunks, sideBySide } from './parallel.js'
import type { Connection, Item, ItemKey } from './table.js'

/** The limit of one BatchGetItem. */
const keysPerCall = 100

/** What a throttled table leaves unread is asked for again so many times, each wait twice as long as the one before. */
const maxTries = 6

export async function get(connection: Connection, keys: readonly ItemKey[]): Promise<(Item | undefined)[]> {
  const items = await sideBySide(chunks(keys, keysPerCall), (chunk) => getChunk(connection, chunk))
  const found = new Map(items.flat().map((item) => [`${item.pk?.S} ${item.sk?.S}`, item]))
  return keys.map(({ pk, sk }) => found.get(`${pk} ${sk}`))
}

async function getChunk(connection: Connection, keys: readonly ItemKey[]): Promise<Item[]> {
  const { clock, name } = connection
  const items: Item[] = []
  let left: Item[] = keys.map(({ pk, sk }) => ({ pk: { S: pk }, sk: { S: sk } }))
  for (let tries = 0; tries < maxTries; tries++) {
    if (tries > 0) await clock.sleep(clock.random() * 25 * 2 ** tries)
    const answer = await getOnce(connection, left)
    items.push(...(answer.Responses?.[name] ?? []))
    left = answer.UnprocessedKeys?.[name]?.Keys ?? []
    if (left.length === 0) return items
  }
  throw new MillraceError(
    'ML_STORE_UNREACHABLE',
    `DynamoDB left ${left.length} items of ${name} unread in ${maxTries} tries: it is throttled; raise the table's capacity`,
  )
}

async function getOnce({ client, name, spent }: Connection, Keys: Item[]) {
  try {
    const answer = await client.send(
      new BatchGetItemCommand({
        RequestItems: { [name]: { Keys, ConsistentRead: true } },
        ReturnConsumedCapacity: 'TOTAL',
      }),
    )
    spent('read', answer.ConsumedCapacity)
    return answer
  } catch (error) {
    throw storeError(error, name)
  }
}

export async function range(connection: Connection, pk: string, from: string, to: string): Promise<Item[]> {
  const { client, name, spent } = connection
  const items: Item[] = []
  let start: Item | undefined
  do {
    try {
      const answer = await client.send(
        new QueryCommand({
          TableName: name,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: { ':pk': { S: pk }, ':from': { S: from }, ':to': { S: to } },
          ConsistentRead: true,
          ReturnConsumedCapacity: 'TOTAL',
          ...(start && { ExclusiveStartKey: start }),
        }),
      )
      spent('read', [answer.ConsumedCapacity])
      items.push(...(answer.Items ?? []))
      start = answer.LastEvaluatedKey
    } catch (error) {
      throw storeError(error, name)
    }
  } while (start !== undefined)
  return items
}
