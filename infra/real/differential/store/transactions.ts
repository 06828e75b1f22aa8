import { TransactGetItemsCommand, type TransactWriteItem, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb'
import type { Case } from '../case.js'
import { get, key, n } from './requests.js'
import type { StoreSide } from './side.js'

const swap = (TableName: string, pk: string, old: number): TransactWriteItem => ({
  Update: {
    TableName,
    Key: key(pk),
    UpdateExpression: 'SET v = :new',
    ConditionExpression: 'v = :old',
    ExpressionAttributeValues: { ':new': n(old + 1), ':old': n(old) },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  },
})

const add = (TableName: string, pk: string): TransactWriteItem => ({
  Update: { TableName, Key: key(pk), UpdateExpression: 'ADD v :one', ExpressionAttributeValues: { ':one': n(1) } },
})

const put = (TableName: string, pk: string, bytes = 1): TransactWriteItem => ({
  Put: {
    TableName,
    Item: { ...key(pk), b: { B: Buffer.alloc(bytes) } },
    ConditionExpression: 'attribute_not_exists(pk)',
  },
})

const all = (TransactItems: TransactWriteItem[], ClientRequestToken?: string) =>
  new TransactWriteItemsCommand({
    TransactItems,
    ReturnConsumedCapacity: 'TOTAL',
    ...(ClientRequestToken ? { ClientRequestToken } : {}),
  })

const many = (table: string, count: number) => Array.from({ length: count }, (_, i) => put(table, `k${i}`))

/** All or nothing. */
export const transactionCases: readonly Case<StoreSide>[] = [
  {
    id: 'store: a transaction of every kind of write',
    async run({ table, send, put: seed }) {
      await seed({ ...key('swapped'), v: n(1) }, { ...key('gone'), v: n(1) }, { ...key('checked'), v: n(1) })
      return [
        await send(
          all([
            swap(table, 'swapped', 1),
            add(table, 'counted'),
            put(table, 'new'),
            { Delete: { TableName: table, Key: key('gone') } },
            { ConditionCheck: { TableName: table, Key: key('checked'), ConditionExpression: 'attribute_exists(pk)' } },
          ]),
        ),
        await send(
          new TransactGetItemsCommand({
            TransactItems: ['swapped', 'counted', 'gone'].map((pk) => ({ Get: { TableName: table, Key: key(pk) } })),
          }),
        ),
      ]
    },
  },
  {
    id: 'store: why a transaction was cancelled',
    async run({ table, send, put: seed }) {
      await seed({ ...key('swapped'), v: n(5) }, { ...key('there'), v: n(1) })
      return [
        await send(all([swap(table, 'swapped', 1), add(table, 'counted'), put(table, 'there')])),
        await send(get(table, 'counted')),
      ]
    },
  },
  {
    id: 'store: a transaction whose write cannot be made of the item',
    async run({ table, send, put: seed }) {
      await seed({ ...key('text'), v: { S: 'text' } })
      return [await send(all([add(table, 'text'), add(table, 'counted')])), await send(get(table, 'counted'))]
    },
  },
  {
    id: 'store: the same transaction again, by its token',
    async run({ table, send }) {
      const once = all([add(table, 'counted')], 'token-of-a-transaction')
      return [
        await send(once),
        await send(once),
        await send(all([add(table, 'other')], 'token-of-a-transaction')),
        await send(get(table, 'counted')),
      ]
    },
  },
  {
    id: 'store: as many items as a transaction takes, and one more',
    run: async ({ table, send }) => [await send(all(many(table, 100))), await send(all(many(`${table}`, 101)))],
  },
  {
    id: 'store: a transaction of nothing',
    run: ({ table, send }) => send(all(many(table, 0))),
  },
  {
    id: 'store: the same item twice in a transaction',
    run: async ({ table, send }) => [await send(all([add(table, 'a'), put(table, 'a')])), await send(get(table))],
  },
  {
    id: 'store: a transaction of more than 4 MB',
    async run({ table, send }) {
      const parts = Array.from({ length: 11 }, (_, i) => put(table, `k${i}`, 399_000))
      return [await send(all(parts)), await send(get(table, 'k0'))]
    },
  },
  {
    id: 'store: an item in a transaction that is too large',
    run: async ({ table, send }) => [
      await send(all([put(table, 'a', 420_000), add(table, 'b')])),
      await send(get(table, 'b')),
    ],
  },
  {
    id: 'store: a transaction on a table that is not there',
    run: async ({ table, send }) => [
      await send(all([add(table, 'a'), add('no-such-table', 'a')])),
      await send(get(table)),
    ],
  },
  {
    id: 'store: transactions that are none',
    async run({ table, send }) {
      return {
        nothing: await send(all([{}])),
        half: await send(
          all([
            {
              Update: {
                TableName: table,
                Key: { pk: { S: 'a' } },
                UpdateExpression: 'SET v = :v',
                ExpressionAttributeValues: { ':v': n(1) },
              },
            },
          ]),
        ),
        expression: await send(all([{ Update: { TableName: table, Key: key('a'), UpdateExpression: 'SET' } }])),
        longToken: await send(all([add(table, 'a')], 'x'.repeat(37))),
      }
    },
  },
]
