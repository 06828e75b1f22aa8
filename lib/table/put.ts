import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Clock } from '../clock.js'
import { MillraceError } from '../errors.js'
import { storeError } from '../store-error.js'
import { chunks } from './parallel.js'
import type { Item } from './table.js'

/** Limits of one BatchWriteItem: 25 items, and 16 MB, under which 25 items of at most 400 KB stay. */
const itemsPerCall = 25

/** Throttled items are tried again so many times, each wait twice as long as the one before. */
const maxTries = 6

/** Where items are put. */
export interface PutTarget {
  readonly client: DynamoDBClient
  readonly table: string
  readonly clock: Pick<Clock, 'sleep' | 'random'>
}

/**
 * Puts items, 25 to a call, in their order. Where DynamoDB refuses a call, each of its items goes alone, so that one bad item
 * costs no other its write; the same key twice is such a case, and the last of them stays. Answers for each item its error, or
 * undefined once it is written. Never throws.
 */
export async function putItems(
  target: PutTarget,
  items: readonly Item[],
  signal: AbortSignal,
): Promise<(MillraceError | undefined)[]> {
  const errors: (MillraceError | undefined)[] = []
  for (const chunk of chunks(items, itemsPerCall)) {
    const answers = await putChunk(target, chunk, signal)
    const isRefused = answers.some((error) => error?.code === 'ML_STORE_FAILED') && !signal.aborted
    if (!isRefused || chunk.length === 1) errors.push(...answers)
    else for (const item of chunk) errors.push(...(await putChunk(target, [item], signal)))
  }
  return errors
}

async function putChunk({ client, table, clock }: PutTarget, items: readonly Item[], signal: AbortSignal) {
  let left: readonly Item[] = items
  const unwritten = (error: MillraceError) => items.map(() => error)
  try {
    for (let attempt = 0; left.length > 0 && attempt < maxTries; attempt++) {
      if (attempt > 0) await clock.sleep(clock.random() * 50 * 2 ** attempt, signal)
      const answer = await client.send(
        new BatchWriteItemCommand({ RequestItems: { [table]: left.map((Item) => ({ PutRequest: { Item } })) } }),
        { abortSignal: signal },
      )
      left = (answer.UnprocessedItems?.[table] ?? []).map(({ PutRequest }) => PutRequest?.Item ?? {})
    }
    if (left.length === 0) return items.map(() => undefined)
    const text = `DynamoDB left ${left.length} items of ${table} unwritten in ${maxTries} tries: it is throttled; raise the table's capacity`
    return unwritten(new MillraceError('ML_STORE_UNREACHABLE', text))
  } catch (error) {
    return unwritten(storeError(error, table))
  }
}
