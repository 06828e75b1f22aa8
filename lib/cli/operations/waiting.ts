import { paginateQuery } from '@aws-sdk/client-dynamodb'
import type { StackFunction } from '../../deployment/index.js'
import { keyOf } from '../../sink/failures/index.js'
import { storeError } from '../../store-error.js'
import { headsOnly } from '../failures/conditions.js'
import { readers } from '../ledger/index.js'
import type { Target } from '../target/index.js'

/** Records that were given up on, and are not redriven or discarded yet. */
export interface FailuresWaiting {
  readonly count: number
  /** There are more: so many are counted. */
  readonly more: boolean
}

/** To know that there are some does not take all of them. */
const mostCounted = 1_000

/** Of the source partitions that have a ledger. @throws MillraceError `ML_STORE_…`, `ML_TABLE_MISSING` */
export async function failuresOf(target: Target, { group, topic }: StackFunction): Promise<FailuresWaiting> {
  const { client, failuresTable: table } = target
  const { sourcesOf } = await readers()
  let count = 0
  for (const { partition } of await sourcesOf(target, { group, topic })) {
    const { pk } = keyOf({ group, topic, partition, offset: 0, timestamp: 0 })
    const { FilterExpression } = headsOnly
    const query = {
      ...{ TableName: table, Select: 'COUNT' as const, FilterExpression },
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeNames: { '#bytes': 'bytes' },
      ExpressionAttributeValues: { ':pk': { S: pk } },
    }
    try {
      for await (const page of paginateQuery({ client }, query)) {
        count += page.Count ?? 0
        if (count > mostCounted) return { count: mostCounted, more: true }
      }
    } catch (error) {
      throw storeError(error, table)
    }
  }
  return { count, more: false }
}
