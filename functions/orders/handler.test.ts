import { readFile } from 'node:fs/promises'
import { GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from 'millrace/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'

const table = 'orders-of-test'
const balances = 'balances-of-test'
let deployment: TestDeployment
let handler: typeof import('./handler.js').handler

const keyedBy = (key: string, name: string) => ({
  TableName: name,
  BillingMode: 'PAY_PER_REQUEST' as const,
  KeySchema: [{ AttributeName: key, KeyType: 'HASH' as const }],
  AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' as const }],
})

beforeAll(async () => {
  deployment = await testDeployment({
    topic: 'orders',
    tables: [keyedBy('orderId', table), keyedBy('customerId', balances)],
  })
  vi.stubEnv('ORDERS_TABLE', table)
  vi.stubEnv('BALANCES_TABLE', balances)
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT')
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'true')
  // After the deployment: like Lambda, it sets the environment before the module is loaded.
  handler = (await import('./handler.js')).handler
})
afterAll(() => {
  vi.unstubAllEnvs()
  return deployment?.stop()
})

let nextOffset = 0
beforeEach(() => {
  nextOffset += 100
})

/** An event whose records nobody has settled before. */
function event(...values: unknown[]) {
  const records = values.map((value, index) => ({ key: 'customer', value, offset: nextOffset + index }))
  return kafkaEvent({ topic: 'orders', records })
}

const order = (orderId: string, cents: number, customerId = 'customer') => ({ orderId, customerId, seq: 0, cents })

async function itemOf(orderId: string) {
  const { client } = deployment
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: { orderId: { S: orderId } } }))
  return Item && { effects: Number(Item.effects?.N), cents: Number(Item.cents?.N) }
}

async function balanceOf(customerId: string) {
  const { client } = deployment
  const { Item } = await client.send(
    new GetItemCommand({ TableName: balances, Key: { customerId: { S: customerId } } }),
  )
  return Item && Number(Item.cents?.N)
}

describe('The function orders', () => {
  it('gives an order its effect once, also when the record is delivered again', async () => {
    const delivered = event(order('once', 1_250))
    expect(await invoke(handler, delivered)).toEqual({ batchItemFailures: [] })
    expect(await invoke(handler, delivered)).toEqual({ batchItemFailures: [] })
    expect(await itemOf('once')).toEqual({ effects: 1, cents: 1_250 })
  })

  it("adds up a customer's orders, each once", async () => {
    const delivered = event(order('first', 300, 'ada'), order('second', 45, 'ada'), order('other', 7, 'bo'))
    await invoke(handler, delivered)
    await invoke(handler, delivered)
    expect([await balanceOf('ada'), await balanceOf('bo')]).toEqual([345, 7])
  })

  it('drops an order of nothing', async () => {
    expect(await invoke(handler, event(order('empty', 0)))).toEqual({ batchItemFailures: [] })
    expect(await itemOf('empty')).toBeUndefined()
  })

  it('[P-01] has a record that is no order kept among the failures, and goes on with its neighbours', async () => {
    const broken = '{"orderId":'
    const answer = await invoke(handler, event(broken, { ...order('odd', 1), seq: -1 }, null, order('neighbour', 7)))
    expect(answer).toEqual({ batchItemFailures: [] })
    expect(await itemOf('neighbour')).toEqual({ effects: 1, cents: 7 })
    const { Count } = await deployment.client.send(new ScanCommand({ TableName: deployment.failuresTable }))
    expect(Count).toBeGreaterThanOrEqual(3)
  })

  it('reports an order that its table refuses, and nothing else', async () => {
    const answer = await invoke(handler, event(order('x'.repeat(2_049), 1)))
    expect(answer.batchItemFailures).toEqual([{ itemIdentifier: { partition: 'orders-0', offset: nextOffset } }])
  })

  it('reports of the sample batch the one record whose key is too long for DynamoDB', async () => {
    const sample = JSON.parse(await readFile(new URL('./events/batch.json', import.meta.url), 'utf8'))
    expect(await invoke(handler, sample)).toEqual({
      batchItemFailures: [{ itemIdentifier: { partition: 'orders-1', offset: 43 } }],
    })
    expect(await itemOf('order-5')).toEqual({ effects: 1, cents: 475 })
    expect(await itemOf('order-3')).toBeUndefined()
  })
})
