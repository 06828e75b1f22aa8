import { deepEqual } from 'node:assert/strict'
import { DescribeTableCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda'
import type { Clients } from './clients.js'

/** What has to outlive deployments. */
export interface Kept {
  /** ARNs and times of creation. */
  readonly tables: readonly object[]
  /** Ids, by topic. */
  readonly mappings: Readonly<Record<string, string>>
}

const item = { pk: { S: 'kept' }, sk: { S: 'kept' }, settled: { N: '42' } }

/** Puts an item into each table, and notes what is there. */
export async function remember(tables: readonly string[], clients: Clients): Promise<Kept> {
  for (const TableName of tables) await clients.dynamodb.send(new PutItemCommand({ TableName, Item: item }))
  return { tables: await identities(tables, clients), mappings: await mappingIds(clients) }
}

/** The same tables are there, with their items. */
export async function stillThere(tables: readonly string[], kept: Kept, clients: Clients): Promise<void> {
  deepEqual(await identities(tables, clients), kept.tables)
  const { settled: _, ...Key } = item
  for (const TableName of tables) {
    const { Item } = await clients.dynamodb.send(new GetItemCommand({ TableName, Key }))
    deepEqual(Item, item, TableName)
  }
}

async function identities(tables: readonly string[], { dynamodb }: Clients): Promise<readonly object[]> {
  const described = tables.map(async (TableName) => {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }))
    return { arn: Table?.TableArn, created: Table?.CreationDateTime, status: Table?.TableStatus }
  })
  return Promise.all(described)
}

/** Those of all functions, by topic. */
export async function mappingIds({ lambda }: Clients): Promise<Readonly<Record<string, string>>> {
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand())
  return Object.fromEntries(EventSourceMappings.map(({ Topics: [topic = ''] = [], UUID = '' }) => [topic, UUID]))
}
