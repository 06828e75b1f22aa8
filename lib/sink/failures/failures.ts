import {
  type AttributeValue,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  type PutItemCommandInput,
} from '@aws-sdk/client-dynamodb'
import type { Clock } from '../../clock.js'
import { MillraceError } from '../../errors.js'
import { storeError } from '../../store-error.js'
import type { Acknowledgement } from '../contract.js'
import { abandonedEnvelope, abandonedRule, envelopeOf, type Giver } from '../envelope/index.js'
import { type Abandoned, type FallbackSink, givenUpBefore } from '../sink.js'
import { type EnvelopeItems, itemsOf } from './items.js'

type Item = Record<string, AttributeValue>
type Condition = Pick<
  PutItemCommandInput,
  'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>

/** Limits of one BatchWriteItem: 25 items, and 16 MB, of which a margin is kept for what is around the bytes. */
const itemsPerCall = 25

/** Throttled items are tried again so many times, each wait twice as long as the one before. */
const maxTries = 6

/** An item, and the envelope it belongs to. */
interface Entry {
  readonly of: EnvelopeItems
  readonly item: Item
}

/** Where there is an envelope of the record already, it has more to say than that Lambda went on without it. */
const ifNone: Condition = { ConditionExpression: 'attribute_not_exists(pk)' }

/**
 * An envelope of the record says why it was given up, unless Lambda had gone on without it, or it is that of another record:
 * the topic was made anew, and has the offset again.
 */
const ifNoneSaysWhy = ({ timestamp }: Item): Condition => ({
  ConditionExpression: 'attribute_not_exists(pk) OR #timestamp <> :timestamp OR #rule = :abandoned',
  ExpressionAttributeNames: { '#timestamp': 'timestamp', '#rule': 'rule' },
  ExpressionAttributeValues: { ':timestamp': timestamp ?? { NULL: true }, ':abandoned': { S: abandonedRule } },
})

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
      const envelopes = failures.map((failure) => itemsOf(envelopeOf(failure, giver)))
      const errors = new Map<EnvelopeItems, Error>()
      const writeAll = async (entries: readonly Entry[]) => {
        // 25 items of at most 400 KB stay under the 16 MB of one call.
        for (let i = 0; i < entries.length; i += itemsPerCall) {
          const chunk = entries.slice(i, i + itemsPerCall)
          for (const [of, error] of await writeEntries(chunk, signal)) errors.set(of, error)
        }
      }
      await writeAll(envelopes.flatMap((of) => of.pieces.map((item) => ({ of, item }))))
      const complete = envelopes.flatMap((of, i) =>
        errors.has(of) ? [] : [{ of, item: of.head, before: failures[i]?.rule === givenUpBefore }],
      )
      await writeAll(complete.filter(({ before }) => !before))
      const again = complete.filter(({ before }) => before)
      const answers = await putAll(again, ({ item }) => [item, ifNoneSaysWhy(item)], signal)
      for (const [{ of }, error] of answers) if (error !== undefined) errors.set(of, error)
      return envelopes.map((of): Acknowledgement => acknowledgement(errors.get(of)))
    },
    async abandon(records, signal) {
      const item = (record: Abandoned): Item => itemsOf(abandonedEnvelope(record, giver, clock.now())).head
      const answers = await putAll(records, (record) => [item(record), ifNone], signal)
      return answers.map(([, error]) => acknowledgement(error))
    },
  }

  /** Each under its condition: batches take none. */
  async function putAll<T>(
    list: readonly T[],
    putOf: (one: T) => readonly [Item, Condition],
    signal: AbortSignal,
  ): Promise<[T, MillraceError | undefined][]> {
    const answers: [T, MillraceError | undefined][] = []
    for (let i = 0; i < list.length; i += itemsPerCall) {
      const chunk = list.slice(i, i + itemsPerCall)
      const put = async (one: T): Promise<[T, MillraceError | undefined]> => [one, await putIf(...putOf(one), signal)]
      answers.push(...(await Promise.all(chunk.map(put))))
    }
    return answers
  }

  /** Where its condition fails, what is there stays, and is acknowledged. */
  async function putIf(Item: Item, condition: Condition, abortSignal: AbortSignal): Promise<MillraceError | undefined> {
    try {
      await client.send(new PutItemCommand({ TableName: table, Item, ...condition }), { abortSignal })
      return undefined
    } catch (error) {
      return error instanceof ConditionalCheckFailedException ? undefined : storeError(error, table)
    }
  }

  /** In one call; where DynamoDB refuses it, each item alone, so that one bad item costs no other its acknowledgement. */
  async function writeEntries(entries: readonly Entry[], signal: AbortSignal): Promise<[EnvelopeItems, Error][]> {
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
