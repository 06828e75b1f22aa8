import {
  BatchWriteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../lib/clock.js'
import { failuresTable, ledgerTable } from '../../lib/deployment/index.js'
import { readBatch } from '../../lib/event/index.js'
import { type Claimed, dynamodbStore, type Ledger, openLedger } from '../../lib/ledger/index.js'
import { ensureTables, type Store, startStore, storeClient } from '../../lib/local/store/index.js'
import { type StoreProxy, type StoreRule, startStoreProxy } from '../../lib/testing/faults/index.js'
import { kafkaEvent } from '../../lib/testing/index.js'
import { readLedger } from '../verify/index.js'
import { costMeter, failingDownstream, firstOf, losesOneFailure, losesOneSettle } from './index.js'

const [ledgerName, failuresName] = ['the-ledger', 'the-failures']
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

  beforeEach(async () => {
    store = await startStore()
    meter = costMeter(ledgerName)
    rule = () => 'pass'
    proxy = await startStoreProxy({ target: store.url, rule: (request) => rule(request), onExchange: meter.count })
    direct = storeClient(store.url)
    client = storeClient(proxy.url)
    await ensureTables(direct, [ledgerTable(ledgerName), failuresTable(failuresName)])
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

  async function run(owner: string, leaveOpen = false) {
    const claims = (await ledger.claim(batch.partitions, holder(owner))).filter(
      (one): one is Claimed => one.kind === 'claimed',
    )
    const settled = { kind: 'settled' } as const
    const pending = { kind: 'pending' } as const
    const recorded = await ledger.record(
      claims.map((claimed) => ({
        claimed,
        abandoned: [],
        whole: false,
        hold: null,
        records: claimed.partition.records.map(({ offset, timestamp }) => ({
          offset,
          timestamp,
          disposition: leaveOpen ? pending : settled,
        })),
      })),
      holder(owner),
    )
    return recorded.map(({ kind }) => kind)
  }

  it('lose one settle that leaves nothing open: the ledger still has the claim, the function believes it written', async () => {
    const { fault, lost } = losesOneSettle(ledgerName)
    rule = firstOf([fault])
    for (const owner of ['a', 'b', 'c', 'd']) expect(await run(owner, true)).toEqual(['written', 'written'])
    expect(lost.size).toBe(0)
    expect(await run('e')).toEqual(['written', 'written'])
    expect([...lost]).toEqual([
      [0, { from: 0, to: 1 }],
      [1, { from: 0, to: 0 }],
    ])
    const items = await readLedger(direct, ledgerName, source)
    expect([...items.values()].map(({ claim }) => claim?.owner)).toEqual(['e', 'e'])
  })

  it('are counted by invocation: two write units per source partition in two calls', async () => {
    await run('a')
    await run('b')
    const cost = { partitions: 2, claims: 2, settles: 2, calls: 2, writeUnits: 4, contended: false }
    expect(meter.costs.invocations).toEqual([
      { owner: 'a', ...cost },
      { owner: 'b', ...cost },
    ])
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

  it('make a downstream fail twice, or always', async () => {
    const order = (orderId: string) => ({ orderId, customerId: 'c', seq: 1, cents: 1 })
    rule = firstOf([
      failingDownstream(failuresName, [
        { fate: { outcome: 'ok', downstream: 'fails-twice', order: order('twice') } },
        { fate: { outcome: 'ok', downstream: 'works', order: order('works') } },
        {
          fate: { outcome: 'fallback', stage: 'process', rule: 'exhausted', attempts: 5, order: order('never') },
        },
      ]),
    ])
    const tries = async (orderId: string) => {
      const add = new UpdateItemCommand({ TableName: failuresName, Key: { orderId: { S: orderId } } })
      const names: string[] = []
      for (let i = 0; i < 4; i++) await client.send(add).catch(({ message }: Error) => names.push(message))
      return names.filter((message) => message.includes('fault')).length
    }
    expect([await tries('twice'), await tries('works'), await tries('never')]).toEqual([2, 0, 4])
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
    const found = async (sk: string) =>
      (await direct.send(new GetItemCommand({ TableName: failuresName, Key: key(sk) }))).Item !== undefined
    expect([await found('lost'), await found('kept')]).toEqual([false, true])
  })
})
