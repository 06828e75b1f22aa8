import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb'
import { type Clock, systemClock } from '../../clock.js'
import { MillraceError } from '../../errors.js'
import { storeError } from '../../store-error.js'

/** How long a table may take to become active, and how often it is looked at, in milliseconds. */
const patienceMs = 60_000
const intervalMs = 50

/**
 * Creates the tables that do not exist yet, and waits until all are active. A table that exists is left as it is, also when
 * somebody else creates it at the same time.
 *
 * @throws MillraceError `ML_STORE_UNREACHABLE` or `ML_STORE_FAILED`
 */
export async function ensureTables(
  client: DynamoDBClient,
  tables: readonly CreateTableCommandInput[],
  clock: Clock = systemClock,
): Promise<void> {
  await Promise.all(tables.map((table) => ensureTable(client, table, clock)))
}

async function ensureTable(client: DynamoDBClient, table: CreateTableCommandInput, clock: Clock): Promise<void> {
  const name = table.TableName ?? ''
  try {
    await client.send(new CreateTableCommand(table))
  } catch (error) {
    if ((error as Error).name !== 'ResourceInUseException') throw storeError(error, name)
  }
  const until = clock.now() + patienceMs
  while ((await statusOf(client, name)) !== 'ACTIVE') {
    if (clock.now() >= until) {
      throw new MillraceError(
        'ML_STORE_FAILED',
        `the table ${name} is not active after ${patienceMs / 1000} s; look at it`,
      )
    }
    await clock.sleep(intervalMs)
  }
}

async function statusOf(client: DynamoDBClient, name: string): Promise<string | undefined> {
  try {
    const { Table: table } = await client.send(new DescribeTableCommand({ TableName: name }))
    return table?.TableStatus
  } catch (error) {
    // Another one's creation may not be visible yet.
    if ((error as Error).name === 'ResourceNotFoundException') return undefined
    throw storeError(error, name)
  }
}
