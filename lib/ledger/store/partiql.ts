import {
  BatchExecuteStatementCommand,
  type BatchStatementRequest,
  type BatchStatementResponse,
} from '@aws-sdk/client-dynamodb'
import { MillraceError } from '../../errors.js'
import { tableMissing } from '../../store-error.js'
import { attributes, decodeItem, encodeItem } from './item.js'
import type { Swap, SwapResult } from './store.js'
import type { Table } from './table.js'

/** The limit of one BatchExecuteStatement. */
const statementsPerCall = 25

const { version, writeId, state } = attributes

/** All swaps in one call per 25, each a statement of its own. */
export async function swapByPartiql(table: Table, swaps: readonly Swap[]): Promise<SwapResult[]> {
  const chunks = Array.from({ length: Math.ceil(swaps.length / statementsPerCall) }, (_, i) =>
    swaps.slice(i * statementsPerCall, (i + 1) * statementsPerCall),
  )
  return (await Promise.all(chunks.map((chunk) => swapChunk(table, chunk)))).flat()
}

async function swapChunk(table: Table, swaps: readonly Swap[]): Promise<SwapResult[]> {
  const answer = await table.client.send(
    new BatchExecuteStatementCommand({
      Statements: swaps.map((swap) => statement(table.name, swap)),
      ReturnConsumedCapacity: 'TOTAL',
    }),
  )
  table.spent('write', answer.ConsumedCapacity)
  return swaps.map((_, i) => result(table, answer.Responses?.[i]))
}

function statement(table: string, { key: { pk, sk }, known, item }: Swap): BatchStatementRequest {
  const [v, w, s] = encodeItem(item)
  if (known === 0) {
    return {
      Statement: `INSERT INTO "${table}" VALUE {'pk': ?, 'sk': ?, '${version}': ?, '${writeId}': ?, '${state}': ?}`,
      Parameters: [{ S: pk }, { S: sk }, v, w, s],
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    }
  }
  return {
    Statement:
      `UPDATE "${table}" SET "${version}" = ?, "${writeId}" = ?, "${state}" = ? ` +
      `WHERE "pk" = ? AND "sk" = ? AND "${version}" = ?`,
    Parameters: [v, w, s, { S: pk }, { S: sk }, { N: String(known) }],
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }
}

function result(table: Table, response: BatchStatementResponse | undefined): SwapResult {
  if (response === undefined)
    return { kind: 'lost', cause: new Error('DynamoDB answered fewer statements than it was sent') }
  const { Error: error } = response
  if (error === undefined) return { kind: 'applied' }
  switch (error.Code) {
    case 'ConditionalCheckFailed':
    case 'DuplicateItem':
      return { kind: 'conflict', item: error.Item && decodeItem(error.Item) }
    case 'ResourceNotFound':
      throw tableMissing(table.name, error)
    case 'AccessDenied':
    case 'ValidationError':
    case 'ItemCollectionSizeLimitExceeded':
      throw new MillraceError(
        'ML_STORE_FAILED',
        `DynamoDB refused a write to ${table.name}: ${error.Code}: ${error.Message}`,
        {
          cause: error,
        },
      )
    default:
      // Throttles and failures of DynamoDB's own: whether it was applied is found out by reading.
      return { kind: 'lost', cause: new Error(`${error.Code}: ${error.Message}`) }
  }
}
