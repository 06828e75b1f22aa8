import {
  BatchExecuteStatementCommand,
  type BatchStatementRequest,
  ExecuteStatementCommand,
} from '@aws-sdk/client-dynamodb'
import type { Case } from '../case.js'
import { get, item, n } from './requests.js'
import type { StoreSide } from './side.js'

/** As the framework writes its ledger: the first claim of a partition, and every swap after it. */
const insert = (table: string, pk: string, v = 1): BatchStatementRequest => ({
  Statement: `INSERT INTO "${table}" VALUE {'pk': ?, 'sk': ?, 'v': ?}`,
  Parameters: [{ S: pk }, { S: 'x' }, n(v)],
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
})

const swap = (table: string, pk: string, old: number, returning = ''): BatchStatementRequest => ({
  Statement: `UPDATE "${table}" SET "v" = ?, "w" = ? WHERE "pk" = ? AND "sk" = ? AND "v" = ?${returning}`,
  Parameters: [n(old + 1), { S: 'w' }, { S: pk }, { S: 'x' }, n(old)],
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
})

const batch = (...Statements: BatchStatementRequest[]) =>
  new BatchExecuteStatementCommand({ Statements, ReturnConsumedCapacity: 'TOTAL' })

/** PartiQL, as the framework uses it and as it does not. */
export const statementCases: readonly Case<StoreSide>[] = [
  {
    id: 'store: statements that insert, and find something there',
    async run({ table, send }) {
      return [
        await send(batch(insert(table, 'a'), insert(table, 'b'))),
        await send(batch(insert(table, 'a', 7), insert(table, 'c'))),
        await send(get(table)),
      ]
    },
  },
  {
    id: 'store: statements that swap, in a batch where one fails',
    async run({ table, send, put }) {
      await put(item('a'), item('b'), item('c'))
      return [
        await send(batch(swap(table, 'a', 1), swap(table, 'b', 9), swap(table, 'c', 1))),
        await send(get(table, 'b')),
        await send(get(table, 'c')),
      ]
    },
  },
  {
    id: 'store: a swap of an item that is not there',
    run: ({ table, send }) => send(batch(swap(table, 'absent', 1))),
  },
  {
    id: 'store: what statements return',
    async run({ table, send, put }) {
      await put(item('a'), item('b'), item('c'), item('d'))
      return send(
        batch(
          swap(table, 'a', 1, ' RETURNING ALL OLD *'),
          swap(table, 'b', 1, ' RETURNING ALL NEW *'),
          swap(table, 'c', 1, ' RETURNING MODIFIED OLD *'),
          swap(table, 'd', 5, ' RETURNING ALL OLD *'),
        ),
      )
    },
  },
  {
    id: 'store: batches of statements that are none',
    async run({ table, send, put }) {
      await put(item('a'))
      const twentySix = Array.from({ length: 26 }, (_, i) => insert(table, `k${i}`))
      return {
        tooMany: await send(batch(...twentySix)),
        none: await send(batch()),
        syntax: await send(batch({ Statement: 'HELLO' }, insert(table, 'b'))),
        parameters: await send(batch({ ...insert(table, 'c'), Parameters: [] })),
        halfKey: await send(
          batch({ Statement: `UPDATE "${table}" SET "v" = ? WHERE "pk" = ?`, Parameters: [n(1), { S: 'a' }] }),
        ),
        sameTwice: await send(batch(swap(table, 'a', 1), swap(table, 'a', 2))),
        mixed: await send(
          batch(
            { Statement: `SELECT * FROM "${table}" WHERE "pk" = ? AND "sk" = ?`, Parameters: [{ S: 'a' }, { S: 'x' }] },
            insert(table, 'd'),
          ),
        ),
        setKey: await send(
          batch({
            Statement: `UPDATE "${table}" SET "sk" = ? WHERE "pk" = ? AND "sk" = ?`,
            Parameters: [{ S: 'y' }, { S: 'a' }, { S: 'x' }],
          }),
        ),
      }
    },
  },
  {
    id: 'store: statements on a table that is not there',
    run: async ({ table, send }) => [
      await send(batch(insert('no-such-table', 'a'), insert(table, 'a'))),
      await send(get(table)),
    ],
  },
  {
    id: 'store: twenty-five statements in one call',
    run: ({ table, send }) => send(batch(...Array.from({ length: 25 }, (_, i) => insert(table, `k${i}`)))),
  },
  {
    id: 'store: a single statement',
    async run({ table, send, put }) {
      await put(item('a'))
      const execute = ({ Statement, Parameters, ReturnValuesOnConditionCheckFailure }: BatchStatementRequest) =>
        send(new ExecuteStatementCommand({ Statement, Parameters, ReturnValuesOnConditionCheckFailure }))
      return [await execute(insert(table, 'a')), await execute(swap(table, 'a', 1)), await execute(swap(table, 'a', 1))]
    },
  },
]
