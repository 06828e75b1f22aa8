import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb'
import type { Case } from '../case.js'
import type { StoreSide } from './side.js'

export const key = (pk: string, sk = 'x') => ({ pk: { S: pk }, sk: { S: sk } })
const n = (value: number) => ({ N: String(value) })

const put = (TableName: string, input: Partial<PutItemCommandInput> = {}) =>
  new PutItemCommand({ TableName, Item: { ...key('a'), v: n(2) }, ...input })

const update = (TableName: string, input: Partial<UpdateItemCommandInput> = {}) =>
  new UpdateItemCommand({
    TableName,
    Key: key('a'),
    UpdateExpression: 'SET #v = :new',
    ExpressionAttributeNames: { '#v': 'v' },
    ExpressionAttributeValues: { ':new': n(2) },
    ...input,
  })

export const get = (TableName: string, pk = 'a') =>
  new GetItemCommand({ TableName, Key: key(pk), ConsistentRead: true })

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
type Item = Record<string, import('@aws-sdk/client-dynamodb').AttributeValue>

/** One item at a time. */
export const singleCases: readonly Case<StoreSide>[] = [
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
  {
    id: 'store: expressions that are none',
    async run({ table, send }) {
      return {
        syntax: await send(update(table, { UpdateExpression: 'SET' })),
        word: await send(update(table, { UpdateExpression: 'PUT #v = :new' })),
        unusedName: await send(update(table, { ExpressionAttributeNames: { '#v': 'v', '#w': 'w' } })),
        unusedValue: await send(update(table, { ExpressionAttributeValues: { ':new': n(1), ':other': n(2) } })),
        missingValue: await send(update(table, { ExpressionAttributeValues: { ':other': n(2) } })),
        twice: await send(update(table, { UpdateExpression: 'SET #v = :new, #v = :new' })),
        key: await send(update(table, { ExpressionAttributeNames: { '#v': 'sk' } })),
        condition: await send(update(table, { ConditionExpression: '#v ==' })),
      }
    },
  },
  {
    id: 'store: keys that are none',
    async run({ table, send }) {
      const getBy = (Key: Item) => send(new GetItemCommand({ TableName: table, Key }))
      return {
        half: await getBy({ pk: { S: 'a' } }),
        more: await getBy({ ...key('a'), v: n(1) }),
        kind: await getBy({ pk: { S: 'a' }, sk: n(1) }),
        empty: await getBy(key('')),
        emptySort: await getBy(key('a', '')),
        put: await send(put(table, { Item: { pk: { S: 'a' } } })),
        putEmpty: await send(put(table, { Item: key('') })),
        long: await getBy(key('x'.repeat(2_049))),
        longSort: await getBy(key('a', 'x'.repeat(1_025))),
      }
    },
  },
  {
    id: 'store: values that are none',
    async run({ table, send }) {
      const putting = (v: import('@aws-sdk/client-dynamodb').AttributeValue) =>
        send(put(table, { Item: { ...key('a'), v } }))
      return {
        number: await putting({ N: 'one' }),
        tooLong: await putting({ N: '1'.repeat(39) }),
        tooLarge: await putting({ N: '1e126' }),
        emptySet: await putting({ SS: [] }),
        twiceInSet: await putting({ SS: ['a', 'a'] }),
      }
    },
  },
  {
    id: 'store: items at the limit of their size',
    async run({ table, send }) {
      // The names and the key count as well.
      const room = 400 * 1024 - 'pk'.length - 'a'.length - 'sk'.length - 'x'.length - 'v'.length
      const sized = (bytes: number) =>
        put(table, { Item: { ...key('a'), v: { B: Buffer.alloc(bytes) } }, ReturnConsumedCapacity: 'TOTAL' })
      return {
        fits: await send(sized(room)),
        one: await send(sized(room + 1)),
        grown: await send(
          update(table, {
            ExpressionAttributeNames: { '#v': 'w' },
            ExpressionAttributeValues: { ':new': { S: 'x'.repeat(1_000) } },
          }),
        ),
      }
    },
  },
  {
    id: 'store: a table that is not there',
    async run({ send }) {
      const absent = 'no-such-table'
      return [await send(get(absent)), await send(put(absent)), await send(update(absent))]
    },
  },
  {
    id: 'store: units of reads and writes',
    async run({ table, send }) {
      const large = { ...key('large'), v: { B: Buffer.alloc(10_000) } }
      const reads = []
      for (const ReturnConsumedCapacity of ['TOTAL', 'INDEXES', 'NONE'] as const) {
        reads.push(await send(put(table, { Item: large, ReturnConsumedCapacity })))
        reads.push(
          await send(
            new GetItemCommand({ TableName: table, Key: key('absent'), ConsistentRead: true, ReturnConsumedCapacity }),
          ),
        )
      }
      const units = (pk: string, ConsistentRead: boolean) =>
        send(
          new GetItemCommand({
            TableName: table,
            Key: key(pk),
            ConsistentRead,
            ReturnConsumedCapacity: 'TOTAL',
            ProjectionExpression: 'pk',
          }),
        )
      return [...reads, await units('large', true), await units('large', false)]
    },
  },
]
