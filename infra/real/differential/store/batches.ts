import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
} from '@aws-sdk/client-dynamodb'
import type { Case } from '../case.js'
import { get, item, key, n } from './requests.js'
import type { Item, StoreSide } from './side.js'

/** Many items in one call. */
export const batchCases: readonly Case<StoreSide>[] = [
  {
    id: 'store: many items are read at once',
    async run({ table, send, put }) {
      await put(...Array.from({ length: 5 }, (_, i) => item(`k${i}`)))
      const Keys = [0, 3, 9].map((i) => key(`k${i}`))
      const read = (ConsistentRead: boolean) =>
        new BatchGetItemCommand({
          RequestItems: { [table]: { Keys, ConsistentRead } },
          ReturnConsumedCapacity: 'TOTAL',
        })
      return [sorted(await send(read(true)), table), sorted(await send(read(false)), table)]
    },
  },
  {
    id: 'store: reads of many that are refused',
    async run({ table, send }) {
      const read = (Keys: Item[], name = table) => send(new BatchGetItemCommand({ RequestItems: { [name]: { Keys } } }))
      return {
        tooMany: await read(Array.from({ length: 101 }, (_, i) => key(`k${i}`))),
        twice: await read([key('a'), key('a')]),
        none: await read([]),
        halfKey: await read([{ pk: { S: 'a' } }]),
        absent: await read([key('a')], 'no-such-table'),
      }
    },
  },
  {
    id: 'store: more than 16 MB are read in parts',
    async run({ table, send, put }) {
      for (let i = 0; i < 45; i++) await put(item(`k${i}`, { b: { B: Buffer.alloc(399_000) } }))
      const Keys = Array.from({ length: 45 }, (_, i) => key(`k${i}`))
      const answer = (await send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys, ConsistentRead: true } } }),
      )) as {
        ok?: {
          Responses?: Record<string, unknown[]>
          UnprocessedKeys?: Record<string, { Keys?: unknown[]; ConsistentRead?: boolean }>
        }
      }
      const left = answer.ok?.UnprocessedKeys?.[table]
      const read = answer.ok?.Responses?.[table]?.length ?? 0
      return { isPart: read > 0 && read < 45, sum: read + (left?.Keys?.length ?? 0), consistent: left?.ConsistentRead }
    },
  },
  {
    id: 'store: many items are written at once',
    async run({ table, send, put }) {
      await put(item('gone'))
      const write = (requests: object[], name = table) =>
        send(new BatchWriteItemCommand({ RequestItems: { [name]: requests as [] }, ReturnConsumedCapacity: 'TOTAL' }))
      const putting = (pk: string) => ({ PutRequest: { Item: item(pk) } })
      return {
        both: await write([putting('a'), { DeleteRequest: { Key: key('gone') } }]),
        twice: await write([putting('a'), putting('a')]),
        tooMany: await write(Array.from({ length: 26 }, (_, i) => putting(`k${i}`))),
        none: await write([]),
        absent: await write([putting('a')], 'no-such-table'),
        left: await send(get(table, 'gone')),
      }
    },
  },
  {
    id: 'store: queries between sort keys, in both directions and in pages',
    async run({ table, send, put }) {
      await put(...['a', 'k1', 'k2', 'k3', 'k4', 'z'].map((sk) => ({ ...key('p', sk), v: n(1) })))
      const query = (more: Partial<QueryCommandInput> = {}) =>
        send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
            ExpressionAttributeValues: { ':pk': { S: 'p' }, ':from': { S: 'k2' }, ':to': { S: 'y' } },
            ConsistentRead: true,
            ReturnConsumedCapacity: 'TOTAL',
            ...more,
          }),
        )
      return {
        rising: await query(),
        falling: await query({ ScanIndexForward: false }),
        page: await query({ Limit: 2, ScanIndexForward: false }),
        next: await query({ Limit: 2, ScanIndexForward: false, ExclusiveStartKey: key('p', 'k3') }),
        count: await query({ Select: 'COUNT' }),
        none: await query({ ExpressionAttributeValues: { ':pk': { S: 'q' }, ':from': { S: 'a' }, ':to': { S: 'b' } } }),
        turned: await query({
          ExpressionAttributeValues: { ':pk': { S: 'p' }, ':from': { S: 'z' }, ':to': { S: 'a' } },
        }),
        filtered: await query({ FilterExpression: 'v > :pk' }),
        noKey: await query({ KeyConditionExpression: 'sk > :from' }),
      }
    },
  },
  {
    id: 'store: a query of more than a megabyte comes in pages',
    async run({ table, send, put }) {
      for (const sk of ['a', 'b', 'c', 'd', 'e']) await put({ ...key('p', sk), b: { B: Buffer.alloc(300_000) } })
      const answer = (await send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': { S: 'p' } },
        }),
      )) as {
        ok?: { Count?: number; ScannedCount?: number; LastEvaluatedKey?: Item }
      }
      const { Count, ScannedCount, LastEvaluatedKey } = answer.ok ?? {}
      return { Count, ScannedCount, LastEvaluatedKey }
    },
  },
  {
    id: 'store: scans of one',
    async run({ table, send, put }) {
      const scan = () => send(new ScanCommand({ TableName: table, Limit: 1, ConsistentRead: true }))
      const empty = await scan()
      await put(item('a'))
      return [empty, await scan()]
    },
  },
]

/** Items come in no order. */
function sorted(answer: unknown, table: string): unknown {
  const items = (answer as { ok?: { Responses?: Record<string, { pk: { S: string } }[]> } }).ok?.Responses?.[table]
  items?.sort((a, b) => a.pk.S.localeCompare(b.pk.S))
  return answer
}
