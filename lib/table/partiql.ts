import {
  BatchExecuteStatementCommand,
  type BatchStatementRequest,
  type BatchStatementResponse,
} from '@aws-sdk/client-dynamodb'
import { MillraceError } from '../errors.js'
import { isUnknownOperation, storeError, tableMissing, wasRefused } from '../store-error.js'
import type { Connection, Write, Written } from './table.js'

/** The limit of one BatchExecuteStatement. */
export const statementsPerCall = 25

/** At most {@link statementsPerCall} writes in one call, each a statement of its own. @throws also where the store has no PartiQL */
export async function writeByPartiql(connection: Connection, writes: readonly Write[]): Promise<Written[]> {
  const { client, name, spent } = connection
  try {
    const answer = await client.send(
      new BatchExecuteStatementCommand({
        Statements: writes.map((write) => statement(name, write)),
        ReturnConsumedCapacity: 'TOTAL',
      }),
    )
    spent('write', answer.ConsumedCapacity)
    return writes.map((_, i) => result(name, answer.Responses?.[i]))
  } catch (error) {
    if (isUnknownOperation(error)) throw error
    if (error instanceof MillraceError || wasRefused(error)) throw storeError(error, name)
    return writes.map(() => ({ kind: 'lost', cause: storeError(error, name) }))
  }
}

function statement(table: string, { key: { pk, sk }, set, when }: Write): BatchStatementRequest {
  const [names, values] = [Object.keys(set), Object.values(set)]
  if (when === 'absent') {
    const fields = ['pk', 'sk', ...names].map((name) => `'${name}': ?`)
    return {
      Statement: `INSERT INTO "${table}" VALUE {${fields.join(', ')}}`,
      Parameters: [{ S: pk }, { S: sk }, ...values],
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    }
  }
  const conditions = ['pk', 'sk', ...Object.keys(when)].map((name) => `"${name}" = ?`)
  return {
    Statement: `UPDATE "${table}" SET ${names.map((name) => `"${name}" = ?`).join(', ')} WHERE ${conditions.join(' AND ')}`,
    Parameters: [...values, { S: pk }, { S: sk }, ...Object.values(when)],
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }
}

function result(table: string, response: BatchStatementResponse | undefined): Written {
  if (response === undefined)
    return { kind: 'lost', cause: new Error('DynamoDB answered fewer statements than it was sent') }
  const { Error: error } = response
  if (error === undefined) return { kind: 'applied' }
  switch (error.Code) {
    case 'ConditionalCheckFailed':
    case 'DuplicateItem':
      return { kind: 'conflict', item: error.Item }
    case 'ResourceNotFound':
      throw tableMissing(table, error)
    case 'AccessDenied':
    case 'ValidationError':
    case 'ItemCollectionSizeLimitExceeded':
      throw new MillraceError(
        'ML_STORE_FAILED',
        `DynamoDB refused a write to ${table}: ${error.Code}: ${error.Message}`,
        {
          cause: error,
        },
      )
    default:
      // Throttles and failures of DynamoDB's own: whether it was applied is found out by reading.
      return { kind: 'lost', cause: new Error(`${error.Code}: ${error.Message}`) }
  }
}
