import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import { isWaiting } from '../sink/failures/index.js'
import { storeError } from '../store-error.js'

/** How many records wait among the failures. */
export interface FailuresWaiting {
  readonly count: number
  /** There are more than could be counted within the bound. */
  readonly atLeast: boolean
}

/** So much of the table is read for a count, a megabyte each: 128 read units. What is kept of a record may be larger. */
const mostPages = 10

/** What was given up on and nobody has redriven or discarded. @throws MillraceError `ML_STORE_…`, `ML_TABLE_MISSING` */
export async function countFailures(client: DynamoDBClient, table: string): Promise<FailuresWaiting> {
  const query = {
    TableName: table,
    Select: 'COUNT',
    FilterExpression: isWaiting,
    ExpressionAttributeNames: { '#bytes': 'bytes' },
  } as const
  let count = 0
  let pages = 0
  try {
    for await (const { Count = 0, LastEvaluatedKey } of paginateScan({ client }, query)) {
      count += Count
      pages++
      if (pages === mostPages) return { count, atLeast: LastEvaluatedKey !== undefined }
    }
  } catch (error) {
    throw storeError(error, table)
  }
  return { count, atLeast: false }
}
