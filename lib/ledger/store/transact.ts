import {
  type CancellationReason,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import { MillraceError } from '../../errors.js'
import { isUnknownOperation, storeError, wasRefused } from '../../store-error.js'
import type { Transaction, TransactResult } from './store.js'
import type { Table } from './table.js'
import { updateOf } from './update.js'

/** The limit of one transaction. */
export const itemsPerTransaction = 100

/** Swaps and handlers' own writes in one `TransactWriteItems`. */
export async function transactWrites(table: Table, { swaps, writes, token }: Transaction): Promise<TransactResult> {
  try {
    const answer = await table.client.send(
      new TransactWriteItemsCommand({
        TransactItems: [...swaps.map((swap) => ({ Update: updateOf(table.name, swap) })), ...writes],
        ClientRequestToken: token,
        ReturnConsumedCapacity: 'TOTAL',
      }),
    )
    table.spent('write', answer.ConsumedCapacity)
    return { kind: 'applied' }
  } catch (error) {
    if (error instanceof TransactionCanceledException) return cancelled(error, swaps.length)
    if (isUnknownOperation(error)) throw unsupported(error)
    const cause = storeError(error, table.name)
    if ((error as Error).name === 'TransactionInProgressException') return { kind: 'contended', cause }
    // A malformed write of a handler's is that handler's failure, not the store's.
    if ((error as Error).name === 'ValidationException') return { kind: 'invalid', cause }
    if (wasRefused(error)) throw cause
    return { kind: 'lost', cause }
  }
}

function cancelled(error: TransactionCanceledException, swaps: number): TransactResult {
  const reasons = error.CancellationReasons ?? []
  if (reasons.slice(0, swaps).some(({ Code }) => Code === 'ConditionalCheckFailed')) return { kind: 'conflict' }
  const failures = reasons
    .slice(swaps)
    .flatMap((reason, index) => (isFinal(reason) ? [{ index, cause: refused(reason) }] : []))
  return failures.length > 0 ? { kind: 'refused', failures } : { kind: 'contended', cause: error }
}

/** What another try would not change; conflicts with other transactions and throttles pass. */
const isFinal = ({ Code = 'None' }: CancellationReason): boolean =>
  ['ConditionalCheckFailed', 'ValidationError', 'ItemCollectionSizeLimitExceeded'].includes(Code)

const refused = ({ Code, Message }: CancellationReason) =>
  new MillraceError('ML_EFFECT_REFUSED', `DynamoDB refused a write given to ctx.atomically: ${Code}: ${Message}`)

const unsupported = (cause: unknown) =>
  new MillraceError(
    'ML_TRANSACTIONS_UNSUPPORTED',
    'this store has no transactions, so ctx.atomically and atomicity: "batch" cannot be had on it; dynalite, the local fallback ' +
      'off Linux x64, is such a store: point AWS_ENDPOINT_URL_DYNAMODB at DynamoDB or DynamoDB Local',
    { cause },
  )
