import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { captureLogs } from '../function/logs.fixture.js'
import { type FunctionOptions, type Handler, kafkaFunction, type Outcome, ok } from '../index.js'
import { type Broker, startBroker } from '../local/broker/index.js'
import { admin, closing } from '../local/broker/kafkajs.fixture.js'
import { ok as answered, mapping } from '../local/esm/mapping.fixture.js'
import { invoke, type TestDeployment, testDeployment } from '../testing/index.js'
import { kafkaProducer, kafkaSink } from './index.js'
import { type BrokerProxy, contents, produceKey, proxyOf } from './kafka.fixture.js'

let deployment: TestDeployment
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'orders' })
})
afterAll(() => deployment.stop())
captureLogs()

const keys = ['a', 'b', 'c', 'd', 'e']

/** A broker with orders, ten of each key in their order, and a topic for invoices. */
async function setup(): Promise<{ on: Broker; proxy: BrokerProxy; count: number }> {
  const on = closing(await startBroker(), (started) => started.stop())
  const topics = ['orders', 'invoices'].map((topic) => ({ topic, numPartitions: 3 }))
  await (await admin(on)).createTopics({ topics })
  const producer = closing(kafkaProducer({ brokers: on.address, topic: 'orders' }), (one) => one.close())
  const orders = Array.from({ length: 10 }, (_, n) => keys.map((key) => ({ key, value: { n } }))).flat()
  await producer.produce(orders)
  return { on, proxy: await proxyOf(on), count: orders.length }
}

/** Runs the function on a topic of the broker by the emulated mapping until nothing is left. */
async function run(on: Broker, topic: string, options: FunctionOptions, handler: Handler): Promise<number> {
  const mappings = [{ topic, group: `of-${topic}-${on.port}`, partialResponses: true, withholds: false }]
  vi.stubEnv('MILLRACE_MAPPINGS', JSON.stringify(mappings))
  const fn = kafkaFunction({ order: 'key', retry: { attempts: 100 }, ...options }, handler)
  const running = await mapping(on, async (event) => answered(await invoke(fn, event, { timeoutMs: 5_000 })), {
    topic,
    group: `of-${topic}-${on.port}`,
    batchSize: 20,
    minimumPollers: 2,
  })
  await running.idle()
  await running.stop()
  vi.unstubAllEnvs()
  return running.history.length
}

/** What a reader of the invoices sees who takes each source id once. */
async function invoices(on: Broker) {
  const ends = await (await admin(on)).fetchTopicOffsets('invoices')
  const all = await contents(
    on,
    'invoices',
    ends.reduce((sum, { high }) => sum + Number(high), 0),
  )
  const once = new Map(
    all.map((record) => [String(record.headers['x-source-id']), record]).reverse() as [string, (typeof all)[number]][],
  )
  return { all, once: [...once.values()].reverse() }
}

const numbersOf = (records: readonly { key: Buffer | null; value: Buffer | null }[], key: string) =>
  records.filter((one) => `${one.key}` === key).map(({ value }) => JSON.parse(`${value}`).n)

it('a handler may produce instead, and its record settles once that is acknowledged (PEERS, defect 10)', async () => {
  const { on, proxy, count } = await setup()
  const producer = kafkaProducer({ topic: 'invoices', brokers: proxy.address, deliveryTimeoutMs: 500 })
  closing(producer, (one) => one.close())
  let answers = 0
  proxy.answer = (key, answer) => (key === produceKey && ++answers > 1 && answers < 8 ? 'lose' : answer)
  const deliveries = await run(on, 'orders', { concurrency: 50 }, async ({ id, key, value }) => {
    await producer.produce({ key, value, headers: [['x-source-id', id]] })
  })
  expect(deliveries).toBeGreaterThan(count / 20)
  const { once } = await invoices(on)
  expect(once).toHaveLength(count)
  for (const key of keys) expect(numbersOf(once, key)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

it('each order becomes one invoice, those of a key in their order, though the broker fails in between [R-43, K-12]', async () => {
  const { on, proxy, count } = await setup()
  const sink = kafkaSink({ topic: 'invoices', brokers: proxy.address, deliveryTimeoutMs: 500 })
  closing(sink, async ({ close }) => close?.())
  let answers = 0
  // Written, and never heard of: until the sink gives up, and the records come again.
  proxy.answer = (key, answer) => (key === produceKey && ++answers > 1 && answers < 8 ? 'lose' : answer)
  await run(on, 'orders', { onSuccess: sink }, ({ key, value }): Outcome => ok({ key, value }))
  expect(answers).toBeGreaterThan(8)
  const { all, once } = await invoices(on)
  expect(once).toHaveLength(count)
  expect(all.length).toBeGreaterThan(count)
  for (const key of keys) expect(numbersOf(once, key)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])

  const seen: string[] = []
  const sourceId = ({ headers }: { headers: readonly { key: string; value: Buffer | null }[] }) =>
    headers.find(({ key }) => key === 'x-source-id')?.value?.toString()
  await run(on, 'invoices', { idempotencyKey: sourceId }, (record) => void seen.push(sourceId(record) ?? ''))
  expect(seen).toHaveLength(count)
  expect(new Set(seen).size).toBe(count)
})

it('without brokers of its own, a sink writes to the cluster that the records come from', async () => {
  const { on, count } = await setup()
  vi.stubEnv('KAFKA_BROKERS', '')
  const sink = kafkaSink({ topic: 'invoices' })
  closing(sink, async ({ close }) => close?.())
  await run(on, 'orders', { onSuccess: sink }, ({ key, value }) =>
    ok([
      { key, value },
      { key, value, headers: [['n', '1']] },
    ]),
  )
  const { all, once } = await invoices(on)
  expect([all.length, once.length]).toEqual([2 * count, 2 * count])
  expect(new Set(once.map(({ headers }) => String(headers['x-source-id']).split('#')[1]))).toEqual(new Set(['0', '1']))
})
