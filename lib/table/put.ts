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

/** What DynamoDB says of an item that it will not take another time either. */
const ofItems: ReadonlySet<string> = new Set(['ValidationException', 'ItemCollectionSizeLimitExceededException'])

/** Whether the items of a call are to blame for its error. */
export const isOfItems = ({ cause }: MillraceError): boolean => cause instanceof Error && ofItems.has(cause.name)

/**
 * Puts items, 25 to a call, in their order. Where DynamoDB refuses a call for its items, each goes alone, so that one bad item
 * costs no other its write; the same key twice is such a case, and the last of them stays. Anything else ends it: behind what is not
 * taken nothing is sent, neither to a table that is throttled nor to one that is not there. Answers for each item its error, or
 * undefined once it is written. Never throws.
 */
export async function putItems(
  target: PutTarget,
  items: readonly Item[],
  signal: AbortSignal,
): Promise<(MillraceError | undefined)[]> {
  const errors: (MillraceError | undefined)[] = []
  let down: MillraceError | undefined
  const put = async (some: readonly Item[]) => {
    const error = down ?? (await putChunk(target, some, signal))
    if (error !== undefined && !isOfItems(error)) down = error
    return error
  }
  for (const chunk of chunks(items, itemsPerCall)) {
    const error = await put(chunk)
    const goAlone = error !== undefined && isOfItems(error) && chunk.length > 1
    for (const item of chunk) errors.push(goAlone ? await put([item]) : error)
  }
  return errors
}

async function putChunk(
  { client, table, clock }: PutTarget,
  items: readonly Item[],
  signal: AbortSignal,
): Promise<MillraceError | undefined> {
  let left: readonly Item[] = items
  try {
    for (let attempt = 0; left.length > 0 && attempt < maxTries; attempt++) {
      if (attempt > 0) await clock.sleep(clock.random() * 50 * 2 ** attempt, signal)
      const answer = await client.send(
        new BatchWriteItemCommand({ RequestItems: { [table]: left.map((Item) => ({ PutRequest: { Item } })) } }),
        { abortSignal: signal },
      )
      left = (answer.UnprocessedItems?.[table] ?? []).map(({ PutRequest }) => PutRequest?.Item ?? {})
    }
    if (left.length === 0) return undefined
    const text = `DynamoDB left ${left.length} items of ${table} unwritten in ${maxTries} tries: it is throttled; raise the table's capacity`
    return new MillraceError('ML_STORE_UNREACHABLE', text)
  } catch (error) {
    return storeError(error, table)
  }
}
