import {
  type AttributeValue,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { Clock } from '../../clock.js'
import { MillraceError } from '../../errors.js'
import { storeError } from '../../store-error.js'
import type { Acknowledgement, FallbackSink } from '../sink.js'
import { abandonedItem, type Envelope, envelope, type Giver } from './envelope.js'

type Item = Record<string, AttributeValue>

/** Limits of one BatchWriteItem: 25 items, and 16 MB, of which a margin is kept for what is around the bytes. */
const itemsPerCall = 25

/** Throttled items are tried again so many times, each wait twice as long as the one before. */
const maxTries = 6

/** An item, and the envelope it belongs to. */
interface Entry {
  readonly of: Envelope
  readonly item: Item
}

/** What the failures sink is made of. */
export interface FailuresSettings extends Giver {
  readonly client: DynamoDBClient
  readonly table: string
  readonly clock: Clock
}

/**
 * The failures table as the fallback sink: envelopes in as few calls as their sizes allow.
 *
 * A head is written only after all of its pieces, so that an envelope that can be read is complete.
 */
export function failuresSink({ client, table, clock, ...giver }: FailuresSettings): FallbackSink {
  return {
    async write(failures, signal) {
      const envelopes = failures.map((failure) => envelope(failure, giver))
      const errors = new Map<Envelope, Error>()
      const writeAll = async (entries: readonly Entry[]) => {
        // 25 items of at most 400 KB stay under the 16 MB of one call.
        for (let i = 0; i < entries.length; i += itemsPerCall) {
          const chunk = entries.slice(i, i + itemsPerCall)
          for (const [of, error] of await writeEntries(chunk, signal)) errors.set(of, error)
        }
      }
      await writeAll(envelopes.flatMap((of) => of.pieces.map((item) => ({ of, item }))))
      await writeAll(envelopes.filter((of) => !errors.has(of)).map((of) => ({ of, item: of.head })))
      return envelopes.map((of): Acknowledgement => acknowledgement(errors.get(of)))
    },
    async abandon(records, signal) {
      return Promise.all(
        records.map(async (record) => acknowledgement(await putNew(abandonedItem(record, giver, clock.now()), signal))),
      )
    },
  }

  /** Unless there is an envelope of this record already: it has more to say. */
  async function putNew(Item: Item, abortSignal: AbortSignal): Promise<MillraceError | undefined> {
    try {
      await client.send(
        new PutItemCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' }),
        { abortSignal },
      )
      return undefined
    } catch (error) {
      return error instanceof ConditionalCheckFailedException ? undefined : storeError(error, table)
    }
  }

  /** In one call; where DynamoDB refuses it, each item alone, so that one bad item costs no other its acknowledgement. */
  async function writeEntries(entries: readonly Entry[], signal: AbortSignal): Promise<[Envelope, Error][]> {
    const error = await writeChunk(
      entries.map(({ item }) => item),
      signal,
    )
    if (error === undefined) return []
    if (entries.length === 1 || error.code !== 'ML_STORE_FAILED') return entries.map(({ of }) => [of, error])
    const alone = []
    for (const entry of entries) alone.push(...(await writeEntries([entry], signal)))
    return alone
  }

  async function writeChunk(items: readonly Item[], signal: AbortSignal): Promise<MillraceError | undefined> {
    let left: Item[] = [...items]
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
      return new MillraceError('ML_STORE_UNREACHABLE', `DynamoDB left ${left.length} items unwritten: it is throttled`)
    } catch (error) {
      return storeError(error, table)
    }
  }

  function acknowledgement(cause: Error | undefined): Acknowledgement {
    if (cause === undefined) return { ok: true }
    const error = new MillraceError(
      'ML_SINK_FAILED',
      `the failures table ${table} did not acknowledge: ${cause.message}; the record is reported and comes again`,
      { cause },
    )
    return { ok: false, error }
  }
}
