import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  paginateQuery,
  paginateScan,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { Clock } from '../../clock.js'
import { asError } from '../../errors.js'
import type { Envelope } from '../../sink/envelope/index.js'
import { envelopeOfItems, offsetIn, pieceKey, piecesOf, provenanceOfItem } from '../../sink/failures/index.js'
import { storeError } from '../../store-error.js'
import { type Condition, headsOnly, inHandOf, type Key, unchanged, withValues } from './conditions.js'

export type Item = Record<string, AttributeValue>

/** An envelope of the table, without its bytes. */
export interface Listed {
  /** `topic:partition:offset`. */
  readonly id: string
  /** Consumer group that gave it up. */
  readonly group: string
  readonly key: Key
  readonly head: Item
  /** Undefined where it cannot be read; then `error` says why. */
  readonly about: Envelope | undefined
  readonly error?: Error
}

/** The failures table, for who looks into it. Its calls throw MillraceError `ML_STORE_…` and `ML_TABLE_MISSING`. */
export interface FailuresTable {
  readonly name: string
  /** All envelopes, those of one source partition in the order of their offsets; no more of them once the signal aborts. */
  list(signal?: AbortSignal): AsyncGenerator<Listed>
  /** As it is now; undefined where it is gone. */
  head(key: Key): Promise<Item | undefined>
  /** @throws MillraceError `ML_ENVELOPE_INVALID`, `ML_ENVELOPE_HASH` */
  envelope(head: Item): Promise<Envelope>
  /** Takes it in hand until then (epoch ms). The head, or undefined: it changed, is gone, or is in somebody else's hand. */
  claim(seen: Pick<Listed, 'key' | 'head'>, owner: string, until: number): Promise<Item | undefined>
  /** Gives it out of hand, where it is still in this one. */
  release(seen: Pick<Listed, 'key'>, owner: string): Promise<void>
  /** Deletes what is in this hand. False where it was written anew meanwhile, or is in another hand: it stays. */
  remove(seen: Pick<Listed, 'key' | 'head'>, owner: string): Promise<boolean>
}

/** Opens the failures table. */
export function openFailures(client: DynamoDBClient, table: string, clock: Clock): FailuresTable {
  const update = (key: Key, UpdateExpression: string, condition: Condition) =>
    client.send(
      new UpdateItemCommand({
        ...{ TableName: table, Key: keyItem(key), UpdateExpression, ...condition },
        ReturnValues: 'ALL_NEW',
      }),
    )

  async function pieces(head: Item): Promise<Item[]> {
    const [count, { pk, sk }] = [piecesOf(head), keyIn(head)]
    if (count === 0) return []
    const query = {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
      ExpressionAttributeValues: {
        ':pk': { S: pk },
        ':first': { S: pieceKey(sk, 0) },
        ':last': { S: pieceKey(sk, count - 1) },
      },
    }
    const all: Item[] = []
    for await (const { Items = [] } of paginateQuery({ client }, query)) all.push(...Items)
    return all
  }

  async function removePieces(head: Item): Promise<void> {
    const { pk, sk } = keyIn(head)
    for (let i = 0; i < piecesOf(head); i++) {
      await client.send(new DeleteItemCommand({ TableName: table, Key: keyItem({ pk, sk: pieceKey(sk, i) }) }))
    }
  }

  /** What it throws has a code; undefined where the condition is not met. */
  async function known<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call()
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined
      throw storeError(error, table)
    }
  }

  const head = (key: Key): Promise<Item | undefined> =>
    known(async () => {
      const get = new GetItemCommand({ TableName: table, Key: keyItem(key), ConsistentRead: true })
      return (await client.send(get)).Item
    })

  return {
    name: table,
    async *list(signal) {
      const stop = signal && { abortSignal: signal }
      try {
        for await (const { Items = [] } of paginateScan({ client }, { TableName: table, ...headsOnly }, stop)) {
          for (const head of Items) {
            if (signal?.aborted) return
            yield listed(head)
          }
        }
      } catch (error) {
        if (!signal?.aborted) throw storeError(error, table)
      }
    },
    head,
    envelope: async (head) => envelopeOfItems(head, (await known(() => pieces(head))) ?? []),
    async claim({ key, head: seen }, owner, until) {
      const claimed = await known(async () => {
        const values = { ':owner': { S: owner }, ':until': { N: String(until) } }
        const condition = withValues(unchanged(seen, clock.now()), values)
        return (await update(key, 'SET redriver = :owner, redriverUntil = :until', condition)).Attributes
      })
      if (claimed !== undefined) return claimed
      // Where the answer to the claim was lost, and the SDK has called again, it is this hand's already.
      const now = await head(key)
      return now?.redriver?.S === owner ? now : undefined
    },
    async release({ key }, owner) {
      await known(() => update(key, 'REMOVE redriver, redriverUntil', inHandOf(owner)))
    },
    async remove({ key, head: seen }, owner) {
      const removed = await known(async () => {
        if (piecesOf(seen) > 0) {
          // Marked first: who comes after a crash knows that it is dealt with, and that some pieces may be gone.
          await update(key, 'SET ended = :true', withValues(inHandOf(owner), { ':true': { BOOL: true } }))
          await removePieces(seen)
        }
        await client.send(new DeleteItemCommand({ TableName: table, Key: keyItem(key), ...inHandOf(owner) }))
        return true
      })
      // Gone it is, too, where the answer was lost, and the SDK has called again.
      return removed ?? (await head(key)) === undefined
    },
  }
}

/** Whether nothing is left to do with it but to delete it: a command before this one was cut off there. */
export const isEnded = (head: Item): boolean => head.ended?.BOOL === true

const keyItem = ({ pk, sk }: Key): Item => ({ pk: { S: pk }, sk: { S: sk } })
const keyIn = ({ pk, sk }: Item): Key => ({ pk: pk?.S ?? '', sk: sk?.S ?? '' })

function listed(head: Item): Listed {
  const key = keyIn(head)
  const names = key.pk.split('#')
  const [topic, partition] = names.slice(-2)
  const group = names.slice(0, -2).join('#')
  const about = { id: `${topic}:${partition}:${offsetIn(key.sk)}`, group, key, head }
  try {
    return { ...about, about: provenanceOfItem(head) }
  } catch (error) {
    return { ...about, about: undefined, error: asError(error) }
  }
}
