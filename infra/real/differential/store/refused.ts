import { type AttributeValue, GetItemCommand } from '@aws-sdk/client-dynamodb'
import type { Case } from '../case.js'
import { get, key, n, put, update } from './requests.js'
import type { Item, StoreSide } from './side.js'

/** What is refused, what is just not, and what it costs. */
export const refusedCases: readonly Case<StoreSide>[] = [
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
      const putting = (v: AttributeValue) => send(put(table, { Item: { ...key('a'), v } }))
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
