import { DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import type { Case } from '../case.js'
import { get, key, n, put, update } from './requests.js'
import type { Item, StoreSide } from './side.js'

const every: Item = {
  ...key('a'),
  s: { S: 'ünïcode ✓' },
  empty: { S: '' },
  n: { N: '12345678901234567890123456789012345678' },
  small: { N: '-1.5e-10' },
  zero: { N: '0.000' },
  b: { B: Buffer.from([0, 1, 255]) },
  noBytes: { B: Buffer.alloc(0) },
  yes: { BOOL: true },
  none: { NULL: true },
  list: { L: [{ S: 'a' }, { N: '1' }, { L: [] }] },
  map: { M: { inner: { M: {} } } },
  strings: { SS: ['b', 'a'] },
  numbers: { NS: ['1', '2'] },
  bytes: { BS: [Buffer.from('x')] },
}

/** One item at a time. */
export const itemCases: readonly Case<StoreSide>[] = [
  {
    id: 'store: every kind of attribute comes back as it went',
    async run({ table, send }) {
      return [await send(put(table, { Item: every, ReturnConsumedCapacity: 'TOTAL' })), await send(get(table))]
    },
  },
  {
    id: 'store: put where nothing may be',
    async run({ table, send }) {
      const condition = {
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      } as const
      return [await send(put(table, condition)), await send(put(table, condition)), await send(get(table))]
    },
  },
  {
    id: 'store: a failed condition without the old item',
    async run({ table, send }) {
      await send(put(table))
      return send(put(table, { ConditionExpression: 'attribute_not_exists(pk)' }))
    },
  },
  {
    id: 'store: update with a condition on the version',
    async run({ table, send, put: seed }) {
      await seed({ ...key('a'), v: n(1), kept: { S: 'kept' } })
      const when = (old: number) =>
        update(table, {
          ConditionExpression: '#v = :old',
          ExpressionAttributeValues: { ':new': n(old + 1), ':old': n(old) },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          ReturnConsumedCapacity: 'TOTAL',
        })
      return [await send(when(1)), await send(when(1)), await send(when(2)), await send(get(table))]
    },
  },
  {
    id: 'store: update of an item that is not there',
    async run({ table, send }) {
      const condition = {
        ConditionExpression: '#v = :old',
        ExpressionAttributeValues: { ':new': n(2), ':old': n(1) },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      } as const
      return [
        await send(update(table, condition)),
        await send(update(table, { ReturnValues: 'ALL_NEW' })),
        await send(get(table)),
      ]
    },
  },
  {
    id: 'store: what an update returns',
    async run({ table, send, put: seed }) {
      await seed({ ...key('a'), v: n(1), kept: { S: 'kept' } })
      const answers = []
      for (const ReturnValues of ['ALL_OLD', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW', 'NONE'] as const) {
        answers.push(await send(update(table, { ReturnValues })))
      }
      return answers
    },
  },
  {
    id: 'store: adding to numbers, and removing',
    async run({ table, send }) {
      const add = update(table, { UpdateExpression: 'ADD #v :new', ReturnValues: 'ALL_NEW' })
      return [
        await send(add),
        await send(add),
        await send(
          update(table, { UpdateExpression: 'SET #v = if_not_exists(#v, :new) + :new', ReturnValues: 'ALL_NEW' }),
        ),
        await send(
          new UpdateItemCommand({
            TableName: table,
            Key: key('a'),
            UpdateExpression: 'REMOVE v',
            ReturnValues: 'ALL_NEW',
          }),
        ),
        await send(new DeleteItemCommand({ TableName: table, Key: key('a'), ReturnValues: 'ALL_OLD' })),
        await send(get(table)),
      ]
    },
  },
  {
    id: 'store: adding to what is no number',
    async run({ table, send, put: seed }) {
      await seed({ ...key('a'), v: { S: 'text' } })
      return send(update(table, { UpdateExpression: 'ADD #v :new' }))
    },
  },
]
