import { afterAll, beforeAll, expect, it } from 'vitest'
import { captureLogs } from '../function/logs.fixture.js'
import { type Handler, kafkaFunction } from '../index.js'
import { broker, closing } from '../local/broker/kafkajs.fixture.js'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from '../testing/index.js'
import { kafkaProducer } from './index.js'
import { produceKey, proxyOf } from './kafka.fixture.js'

let deployment: TestDeployment
captureLogs()
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'orders' })
})
afterAll(() => deployment.stop())

const event = (offset: number) =>
  kafkaEvent({ topic: 'orders', records: ['a', 'b', 'c'].map((key, n) => ({ key, value: 1, offset: offset + n })) })

async function setup() {
  const proxy = await proxyOf(await broker())
  const producer = kafkaProducer({
    brokers: proxy.address,
    topic: 'audit',
    createTopics: true,
    deliveryTimeoutMs: 1_500,
  })
  closing(producer, (one) => one.close())
  const failures = async (handler: Handler, offset: number) => {
    const { batchItemFailures } = await invoke(kafkaFunction({ order: 'key' }, handler), event(offset))
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset)
  }
  return { proxy, producer, failures }
}

it('a record fails whose handler returns before what it produced is acknowledged, and no other [R-27, K-06]', async () => {
  const { producer, failures } = await setup()
  const handler: Handler = async ({ key }) => {
    const produced = producer.produce({ key, value: 1 })
    if (key !== 'b') await produced
  }
  expect(await failures(handler, 0)).toEqual([1])
})

it('a record fails by what the broker says of the record that it produced [R-27]', async () => {
  const { proxy, producer, failures } = await setup()
  await producer.produce({ value: 1 })
  proxy.answer = (key, answer) => (key === produceKey ? 'lose' : answer)
  expect(
    await failures(({ key }) => (key === 'c' ? producer.produce({ value: 1 }).then(() => undefined) : undefined), 10),
  ).toEqual([12])
})
