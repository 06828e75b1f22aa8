import {
  type $Command,
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  type DynamoDBClientResolvedConfig,
  PutItemCommand,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb'
import { ledgerTable } from '../../../../lib/deployment/index.js'
import { storeClient } from '../../../../lib/local/store/index.js'
import { attempt } from '../case.js'

export type Item = Record<string, AttributeValue>

/** A store as a case meets it. */
export interface StoreSide {
  /** The case's own table, with the framework's keys; it exists and is empty. */
  readonly table: string
  /** Sends, and answers what came, failures with all that the store said. */
  send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: $Command<Input, Output, DynamoDBClientResolvedConfig>,
  ): Promise<unknown>
  put(...items: readonly Item[]): Promise<void>
}

export interface StoreSystem {
  readonly client: DynamoDBClient
}

export const openStore = (url: string): StoreSystem => ({ client: storeClient(url) })

/** A table with the keys of the framework's own. */
export const keyed = (name: string) => new CreateTableCommand(ledgerTable(name))

/** Runs a case's work on a table of its own. */
export async function onStore<T>(
  { client }: StoreSystem,
  id: string,
  work: (side: StoreSide) => Promise<T>,
): Promise<T> {
  const table = id.replaceAll(/[^a-z0-9]+/gi, '-')
  await client.send(keyed(table))
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }))
    if (Table?.TableStatus === 'ACTIVE') break
  }
  return work({
    table,
    send: (command) => attempt(async () => withoutMetadata(await client.send(command))),
    async put(...items) {
      if (items.length === 1) await client.send(new PutItemCommand({ TableName: table, Item: items[0] }))
      else {
        const requests = items.map((Item) => ({ PutRequest: { Item } }))
        await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }))
      }
    },
  })
}

/** What the client adds to an answer that was given: its status is 200. */
function withoutMetadata(answer: object): object {
  const { $metadata: _, ...rest } = answer as { $metadata?: unknown }
  return rest
}
