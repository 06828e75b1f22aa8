import { BatchGetItemCommand, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb'
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

export async function* falling(connection: Connection, pk: string, from: string, to: string): AsyncGenerator<Item> {
  let start: Item | undefined
  do {
    const page = await queryOnce(connection, {
      TableName: connection.name,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':pk': { S: pk }, ':from': { S: from }, ':to': { S: to } },
      ConsistentRead: true,
      ScanIndexForward: false,
      ReturnConsumedCapacity: 'TOTAL',
      ...(start && { ExclusiveStartKey: start }),
    })
    yield* page.Items ?? []
    start = page.LastEvaluatedKey
  } while (start !== undefined)
}

async function queryOnce({ client, name, spent }: Connection, input: QueryCommandInput) {
  try {
    const page = await client.send(new QueryCommand(input))
    spent('read', [page.ConsumedCapacity])
    return page
  } catch (error) {
    throw storeError(error, name)
  }
}
