import {
  BatchWriteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../lib/clock.js'
import { failuresTable, ledgerTable } from '../../lib/deployment/index.js'
import { readBatch } from '../../lib/event/index.js'
import { type Claimed, dynamodbStore, type Ledger, openLedger } from '../../lib/ledger/index.js'
import { ensureTables, type Store, startStore, storeClient } from '../../lib/local/store/index.js'
import { type Exchange, type StoreProxy, type StoreRule, startStoreProxy } from '../../lib/testing/faults/index.js'
import { kafkaEvent } from '../../lib/testing/index.js'
import { readLedger } from '../verify/index.js'
import {
  type AppliedTransaction,
  appliedTransactions,
  costMeter,
  failingDownstream,
  firstOf,
  losesOneBalance,
  losesOneFailure,
  losesOneSettle,
} from './index.js'

const [ledgerName, failuresName] = ['the-ledger', 'the-failures']
const tables = { ledger: ledgerName, orders: 'the-orders', balances: 'the-balances' }
const keyedBy = (name: string, key: string) => ({
  TableName: name,
  BillingMode: 'PAY_PER_REQUEST' as const,
  KeySchema: [{ AttributeName: key, KeyType: 'HASH' as const }],
  AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' as const }],
})
const source = { group: 'g', topic: 't', partitions: 2 }
const batch = readBatch(kafkaEvent({ topic: 't', records: [{ value: 1 }, { value: 2 }, { partition: 1, value: 3 }] }))

describe('the faults of the main job', () => {
  let store: Store
  let proxy: StoreProxy
  let client: DynamoDBClient
  let direct: DynamoDBClient
  let rule: StoreRule
  let meter: ReturnType<typeof costMeter>
  let ledger: Ledger
  let applied: AppliedTransaction[]

  beforeEach(async () => {
    store = await startStore()
    meter = costMeter(tables)
    rule = () => 'pass'
    applied = []
    const readTransaction = appliedTransactions(tables)
    const onExchange = (exchange: Exchange) => {
      meter.count(exchange)
      const transaction = readTransaction(exchange)
      if (transaction !== undefined) applied.push(transaction)
    }
    proxy = await startStoreProxy({ target: store.url, rule: (request) => rule(request), onExchange })
    direct = storeClient(store.url)
    client = storeClient(proxy.url)
    const own = [keyedBy(tables.orders, 'orderId'), keyedBy(tables.balances, 'customerId')]
    await ensureTables(direct, [ledgerTable(ledgerName), failuresTable(failuresName), ...own])
    const ledgerStore = dynamodbStore(client, ledgerName)
    ledger = openLedger({ store: ledgerStore, clock: systemClock, group: 'g', leaseMs: 10_000, withholds: false })
  })
  afterEach(async () => {
    direct.destroy()
    client.destroy()
    await proxy.stop()
    await store.stop()
  })

  const holder = (owner: string) => ({ owner, deadline: Number.POSITIVE_INFINITY })

  const settled = { kind: 'settled' } as const
  const pending = { kind: 'pending' } as const

  async function claimed(owner: string): Promise<Claimed[]> {
    const claims = await ledger.claim(batch.partitions, holder(owner))
    return claims.filter((one): one is Claimed => one.kind === 'claimed')
  }

  /** Settles so many records of a claim; the rest is left for another write. */
  const progressOf = (claim: Claimed, count = claim.partition.records.length) => ({
    claimed: claim,
    abandoned: [],
    whole: false,
    hold: count < claim.partition.records.length ? { marker: null } : null,
    records: claim.partition.records.map(({ offset, timestamp }, i) => ({
      offset,
      timestamp,
      disposition: i < count ? settled : pending,
    })),
  })

  /** The effects of orders, one customer each, with the settle of the first so many records of a claim. */
  async function commit(claim: Claimed, owner: string, orderIds: readonly string[], count?: number) {
    const writes = orderIds.flatMap((id) => [
      add(tables.orders, { orderId: { S: id } }),
      add(tables.balances, { customerId: { S: `customer of ${id}` } }),
    ])
    return await ledger.commit([progressOf(claim, count)], writes, holder(owner))
  }
  const add = (TableName: string, Key: Record<string, { S: string }>) => ({
    Update: { TableName, Key, UpdateExpression: 'ADD n :n', ExpressionAttributeValues: { ':n': { N: '1' } } },
  })

  async function run(owner: string): Promise<string[]> {
    const kinds: string[] = []
    for (const claim of await claimed(owner))
      kinds.push((await commit(claim, owner, [`${owner}-${claim.partition.partition}`])).kind)
    return kinds
  }
  const has = async (table: string, key: Record<string, { S: string }>) =>
    (await direct.send(new GetItemCommand({ TableName: table, Key: key }))).Item !== undefined

  it('lose one settle that leaves nothing open: the effects are there, and the ledger still has the claim', async () => {
    const { fault, lost } = losesOneSettle(ledgerName)
    rule = firstOf([fault])
    const owners: string[] = []
    for (const owner of ['a', 'b']) owners.push(...(await run(owner)))
    expect(owners).toEqual(['written', 'written', 'written', 'written'])
    expect([...lost]).toEqual([[1, { from: 0, to: 0 }]])
    const items = await readLedger(direct, ledgerName, source)
    expect([...items.values()].map(({ claim }) => claim?.owner)).toEqual([undefined, 'b'])
    expect(await has(tables.orders, { orderId: { S: 'b-1' } })).toBe(true)
  })

  it('lose the change of one balance, and nothing else of its transaction', async () => {
    rule = firstOf([losesOneBalance(tables.balances)])
    const [claim] = await claimed('a')
    await commit(claim as Claimed, 'a', ['one', 'two'])
    const balances = ['one', 'two'].map((id) => has(tables.balances, { customerId: { S: `customer of ${id}` } }))
    expect(await Promise.all(balances)).toEqual([false, true])
    expect(await has(tables.orders, { orderId: { S: 'one' } })).toBe(true)
  })

  it('are counted by invocation: one unit per claim, two per transaction', async () => {
    const [first, second] = await claimed('a')
    await commit(first as Claimed, 'a', ['x'], 1)
    await commit(first as Claimed, 'a', ['y'])
    await ledger.record([progressOf(second as Claimed)], holder('a'))
    const cost = { partitions: 2, claims: 2, checkpoints: 0, settles: 2, settlesInTransactions: 1, calls: 2 }
    expect(meter.costs.invocations).toEqual([
      { owner: 'a', ...cost, transactions: 2, mostTransactions: 1, writeUnits: 7, contended: false },
    ])
    expect(applied).toEqual([
      { orderIds: ['x'], goesOn: true },
      { orderIds: ['y'], goesOn: false },
    ])
  })

  it('take the answer to a repeated request for the same transaction', async () => {
    const repeated = new TransactWriteItemsCommand({
      TransactItems: [add(tables.orders, { orderId: { S: 'once' } })],
      ClientRequestToken: 'the-same-token',
    })
    await client.send(repeated)
    await client.send(repeated)
    expect(applied.map(({ orderIds }) => orderIds)).toEqual([['once']])
  })

  it('see contention where a claim meets a version that it did not expect', async () => {
    await run('a')
    const rival = openLedger({
      store: dynamodbStore(direct, ledgerName),
      clock: systemClock,
      group: 'g',
      leaseMs: 10_000,
      withholds: false,
    })
    await rival.claim(batch.partitions, holder('rival'))
    await ledger.claim(batch.partitions, holder('b'))
    expect(meter.costs.invocations.find(({ owner }) => owner === 'b')).toMatchObject({ contended: true, settles: 0 })
  })

  it('make a downstream fail twice, or always, and name the writes that were at fault', async () => {
    const order = (orderId: string) => ({ orderId, customerId: 'c', seq: 1, cents: 1 })
    const downstream = failingDownstream(tables.orders, [
      { fate: { outcome: 'ok', downstream: 'fails-twice', order: order('twice') } },
      { fate: { outcome: 'ok', downstream: 'works', order: order('works') } },
      {
        fate: { outcome: 'fallback', stage: 'process', rule: 'exhausted', attempts: 5, order: order('never') },
      },
    ])
    rule = firstOf([downstream.fault])
    const [claim] = await claimed('a')
    const tries: number[][] = []
    for (let i = 0; i < 3; i++) {
      const result = await commit(claim as Claimed, 'a', ['works', 'twice', 'never'])
      tries.push(result.kind === 'refused' ? result.failures.map(({ index }) => index) : [])
    }
    expect(tries).toEqual([[2, 4], [2, 4], [4]])
    expect(applied).toEqual([])
    expect(meter.costs.invocations).toMatchObject([{ transactions: 0, contended: false }])
    downstream.mend()
    await commit(claim as Claimed, 'a', ['never'])
    expect(applied.map(({ orderIds }) => orderIds)).toEqual([['never']])
  })

  it('lose one write to the failures table, and no other', async () => {
    rule = firstOf([losesOneFailure(failuresName)])
    const key = (sk: string) => ({ pk: { S: 'p' }, sk: { S: sk } })
    await client.send(new PutItemCommand({ TableName: ledgerName, Item: key('other') }))
    for (const sk of ['lost', 'kept']) {
      await client.send(
        new BatchWriteItemCommand({ RequestItems: { [failuresName]: [{ PutRequest: { Item: key(sk) } }] } }),
      )
    }
    expect([await has(failuresName, key('lost')), await has(failuresName, key('kept'))]).toEqual([false, true])
  })
})
