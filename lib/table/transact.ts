import {
  type CancellationReason,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import { MillraceError } from '../errors.js'
import { isUnknownOperation, storeError, wasRefused } from '../store-error.js'
import { updateOf } from './single.js'
import type { AtomicWrite, Connection, Transacted, Write } from './table.js'

/** Writes of this table and others in one `TransactWriteItems`. */
export async function transactWrites(
  { client, name, spent }: Connection,
  writes: readonly Write[],
  others: readonly AtomicWrite[],
  token: string,
): Promise<Transacted> {
  try {
    const answer = await client.send(
      new TransactWriteItemsCommand({
        TransactItems: [...writes.map((write) => ({ Update: updateOf(name, write) })), ...others],
        ClientRequestToken: token,
        ReturnConsumedCapacity: 'TOTAL',
      }),
    )
    spent('write', answer.ConsumedCapacity)
    return { kind: 'applied' }
  } catch (error) {
    if (error instanceof TransactionCanceledException) return cancelled(error, writes.length)
    if (isUnknownOperation(error)) return { kind: 'denied', cause: unsupported(error) }
    const { name: reason } = error as Error
    // A malformed write of a handler's, or one to a table that is not there or not its own, is that handler's failure.
    if (others.length > 0 && writesFault.has(reason)) return { kind: 'invalid', cause: refused(error as Error) }
    const cause = storeError(error, name)
    if (reason === 'TransactionInProgressException') return { kind: 'contended', cause }
    return { kind: wasRefused(error) ? 'denied' : 'lost', cause }
  }
}

/** Refusals of a whole transaction for what one of its writes is. */
const writesFault = new Set(['ValidationException', 'ResourceNotFoundException', 'AccessDeniedException'])

function cancelled(error: TransactionCanceledException, own: number): Transacted {
  const reasons = error.CancellationReasons ?? []
  if (reasons.slice(0, own).some(({ Code }) => Code === 'ConditionalCheckFailed')) return { kind: 'conflict' }
  const failures = reasons
    .slice(own)
    .flatMap((reason, index) =>
      isFinal(reason) ? [{ index, cause: refused({ name: reason.Code, message: reason.Message }) }] : [],
    )
  return failures.length > 0 ? { kind: 'refused', failures } : { kind: 'contended', cause: error }
}

/** What another try would not change; conflicts with other transactions and throttles pass. */
const isFinal = ({ Code = 'None' }: CancellationReason): boolean =>
  ['ConditionalCheckFailed', 'ValidationError', 'ItemCollectionSizeLimitExceeded'].includes(Code)

const refused = ({ name, message }: { readonly name?: string | undefined; readonly message?: string | undefined }) =>
  new MillraceError('ML_EFFECT_REFUSED', `DynamoDB refused a write given to ctx.atomically: ${name}: ${message}`)

const unsupported = (cause: unknown) =>
  new MillraceError(
    'ML_TRANSACTIONS_UNSUPPORTED',
    'this store has no transactions, so ctx.atomically and atomicity: "batch" cannot be had on it; dynalite, the local fallback ' +
      'off Linux x64, is such a store: point AWS_ENDPOINT_URL_DYNAMODB at DynamoDB or DynamoDB Local',
    { cause },
  )
