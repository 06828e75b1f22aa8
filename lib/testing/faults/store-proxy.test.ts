import {
  BatchExecuteStatementCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ledgerTable } from '../../deployment/index.js'
import { ensureTables, type Store, startStore, storeClient } from '../../local/store/index.js'
import { type Exchange, type StoreProxy, type StoreRule, startStoreProxy, usageMeter } from './index.js'

const table = 'faults-test'
const key = (sk: string) => ({ pk: { S: 'p' }, sk: { S: sk } })
const add = (sk: string) =>
  new UpdateItemCommand({
    TableName: table,
    Key: key(sk),
    UpdateExpression: 'ADD effects :one',
    ExpressionAttributeValues: { ':one': { N: '1' } },
  })

describe('a fault proxy in front of a store', () => {
  let store: Store
  let proxy: StoreProxy
  let client: DynamoDBClient
  let rule: StoreRule
  let exchanges: Exchange[]
  const meter = () => {
    const sum = usageMeter()
    for (const exchange of exchanges) sum.count(exchange)
    return sum.usages.map(({ operation, calls, answeredByRule, writeUnits }) => ({
      operation,
      calls,
      answeredByRule,
      writeUnits,
    }))
  }

  beforeEach(async () => {
    store = await startStore()
    rule = () => 'pass'
    exchanges = []
    proxy = await startStoreProxy({
      target: store.url,
      rule: (request) => rule(request),
      onExchange: (exchange) => exchanges.push(exchange),
    })
    client = storeClient(proxy.url)
    await ensureTables(client, [ledgerTable(table)])
    exchanges.length = 0
  })
  afterEach(async () => {
    client.destroy()
    await proxy.stop()
    await store.stop()
  })

  it('passes requests and answers as they are', async () => {
    await client.send(add('a'))
    await client.send(add('a'))
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: key('a'), ConsistentRead: true }))
    expect(Item?.effects).toEqual({ N: '2' })
  })

  it('answers in the place of the store, which then sees nothing', async () => {
    rule = ({ operation, body }) =>
      operation === 'UpdateItem' && body.Key?.sk?.S === 'broken'
        ? { status: 400, body: { __type: 'com.amazon.coral.validate#ValidationException', message: 'does not work' } }
        : 'pass'
    await expect(client.send(add('broken'))).rejects.toMatchObject({ name: 'ValidationException' })
    await client.send(add('sound'))
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: key('broken') }))
    expect(Item).toBeUndefined()
    // One call each: an answer of this kind is not tried again by the SDK.
    expect(meter()).toEqual([
      { operation: 'UpdateItem', calls: 2, answeredByRule: 1, writeUnits: 1 },
      { operation: 'GetItem', calls: 1, answeredByRule: 0, writeUnits: 0 },
    ])
  })

  it('changes a request on its way', async () => {
    rule = ({ body }) => ({ rewritten: { ...body, Key: { pk: { S: 'p' }, sk: { S: 'other' } } } })
    await client.send(add('asked'))
    rule = () => 'pass'
    const found = async (sk: string) =>
      (await client.send(new GetItemCommand({ TableName: table, Key: key(sk) }))).Item !== undefined
    expect([await found('asked'), await found('other')]).toEqual([false, true])
  })

  it('names the tables of a request, whatever its operation', async () => {
    await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: [{ PutRequest: { Item: key('b') } }] } }))
    await client.send(
      new BatchExecuteStatementCommand({
        Statements: [
          { Statement: `INSERT INTO "${table}" VALUE {'pk': ?, 'sk': ?}`, Parameters: Object.values(key('c')) },
        ],
      }),
    )
    expect(exchanges.map(({ request }) => request.tables)).toEqual([[table], [table]])
  })

  it("counts write units by the store's own account where it gives one, by sizes where not", async () => {
    const big = { ...key('d'), v: { B: Buffer.alloc(2500) } }
    await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: [{ PutRequest: { Item: big } }] } }))
    const statement = { Statement: `INSERT INTO "${table}" VALUE {'pk': ?, 'sk': ?}` }
    await client.send(
      new BatchExecuteStatementCommand({
        Statements: ['e', 'f'].map((sk) => ({ ...statement, Parameters: Object.values(key(sk)) })),
        ReturnConsumedCapacity: 'TOTAL',
      }),
    )
    expect(meter().map(({ writeUnits }) => writeUnits)).toEqual([3, 2])
  })

  it('shows the end of the store as a lost answer', async () => {
    await store.stop()
    const answer = fetch(proxy.url, { method: 'POST', body: '{}', headers: { 'x-amz-target': 'DynamoDB_20120810.X' } })
    await expect(answer).rejects.toThrow()
  })

  it('refuses a store that it cannot stand in front of', async () => {
    await expect(startStoreProxy({ target: 'https://example.org' })).rejects.toMatchObject({
      code: 'ML_OPTION_INVALID',
    })
  })
})
