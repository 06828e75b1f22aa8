import { paginateQuery } from '@aws-sdk/client-dynamodb'
import type { StackFunction } from '../../deployment/index.js'
import { isWaiting, keyOf } from '../../sink/failures/index.js'
import { storeError } from '../../store-error.js'
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

/** So many megabytes are read of one source partition for a count, pieces of records included; so many partitions are asked at once. */
const [mostPages, atOnce] = [10, 10]

/** Of the source partitions that have a ledger. @throws MillraceError `ML_STORE_…`, `ML_TABLE_MISSING` */
export async function failuresOf(target: Target, { group, topic }: StackFunction): Promise<FailuresWaiting> {
  const { sourcesOf } = await readers()
  const sources = await sourcesOf(target, { group, topic })
  let [count, more] = [0, false]
  for (let from = 0; from < sources.length && count <= mostCounted; from += atOnce) {
    const some = sources.slice(from, from + atOnce)
    const counted = await Promise.all(some.map(({ partition }) => countIn(target, { group, topic, partition })))
    count += counted.reduce((sum, one) => sum + one.count, 0)
    more ||= counted.some((one) => one.more)
  }
  return count > mostCounted ? { count: mostCounted, more: true } : { count, more }
}

async function countIn(
  { client, failuresTable: table }: Target,
  of: { readonly group: string; readonly topic: string; readonly partition: number },
): Promise<FailuresWaiting> {
  const query = {
    ...{ TableName: table, Select: 'COUNT' as const, FilterExpression: isWaiting },
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeNames: { '#bytes': 'bytes' },
    ExpressionAttributeValues: { ':pk': { S: keyOf({ ...of, offset: 0, timestamp: 0 }).pk } },
  }
  let [count, pages] = [0, 0]
  try {
    for await (const { Count = 0, LastEvaluatedKey: next } of paginateQuery({ client }, query)) {
      count += Count
      if (++pages === mostPages || count > mostCounted) return { count, more: next !== undefined }
    }
  } catch (error) {
    throw storeError(error, table)
  }
  return { count, more: false }
}
