import { readFile } from 'node:fs/promises'
import { ScanCommand } from '@aws-sdk/client-dynamodb'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from 'millrace/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { handler } from './handler.js'

/** A ledger and a failures table on a store in this process's care: no Kafka, no Docker, no account. */
let deployment: TestDeployment
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'orders' })
})
afterAll(() => deployment?.stop())

const order = (cents: number) => ({ orderId: 'order-1', customerId: 'ada', cents })

async function failures(): Promise<number> {
  const { Count = 0 } = await deployment.client.send(
    new ScanCommand({ TableName: deployment.failuresTable, Select: 'COUNT' }),
  )
  return Count
}

describe('The function orders', () => {
  it('settles every record of the sample event, and keeps the one that is no order', async () => {
    const sample = JSON.parse(await readFile(new URL('./events/batch.json', import.meta.url), 'utf8'))
    expect(await invoke(handler, sample)).toEqual({ batchItemFailures: [] })
    expect(await failures()).toBe(1)
  })

  it('keeps an order of a negative amount among the failures, and goes on with its neighbours', async () => {
    const before = await failures()
    const records = [-100, 100, 0].map((cents) => ({ partition: 1, value: order(cents) }))
    expect(await invoke(handler, kafkaEvent({ topic: 'orders', records }))).toEqual({ batchItemFailures: [] })
    expect(await failures()).toBe(before + 1)
  })
})
