import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, describe, expect, it } from 'vitest'
import { type Broker, startBroker } from '../broker/index.js'
import { type Store, startStore, storeClient } from '../store/index.js'
import { packagedService, type ServiceParts } from '../template/service.fixture.js'
import { type Stack, type StackOptions, startStack } from './index.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Tells of its start, its environment and its end, and takes long enough for a drain to be seen. */
const code = `
exports.handler = async (event) => {
  const keys = Object.keys(event.records)
  console.log(JSON.stringify({ at: 'start', keys, env: process.env }))
  await new Promise((resolve) => setTimeout(resolve, 300))
  console.log(JSON.stringify({ at: 'end', keys }))
  return { batchItemFailures: [] }
}`

interface Line {
  readonly at: 'start' | 'end'
  readonly env: Record<string, string>
}

async function start(options: Partial<StackOptions> = {}, parts: ServiceParts = {}) {
  const service = packagedService({ code, mapping: { MaximumBatchingWindowInSeconds: 0 }, ...parts })
  cleanups.push(service.remove)
  const lines: Line[] = []
  const stack = await startStack({
    serviceDir: service.dir,
    functionLog: (line) => void lines.push(JSON.parse(line)),
    ...options,
  })
  cleanups.push(stack.stop)
  const seen = (at: Line['at']): Promise<Line> =>
    expect
      .poll(() => lines.find((line) => line.at === at), { timeout: 10_000 })
      .toBeDefined()
      .then(() => lines[0] as Line)
  return { stack, service, lines, seen }
}

function kafka(stack: Pick<Stack, 'brokers'>): Kafka {
  return new Kafka({ brokers: [...stack.brokers], logLevel: logLevel.NOTHING })
}

const produce = (stack: Pick<Stack, 'brokers'>): Promise<void> => produceTo(stack, [0], 'hello')

async function produceTo(stack: Pick<Stack, 'brokers'>, partitions: readonly number[], value: string): Promise<void> {
  const producer = kafka(stack).producer()
  await producer.connect()
  await producer.send({ topic: 'greetings', messages: partitions.map((partition) => ({ value, partition })) })
  await producer.disconnect()
}

async function tablesOf(url: string): Promise<readonly string[]> {
  const client = storeClient(url)
  const { TableNames = [] } = await client.send(new ListTablesCommand({}))
  client.destroy()
  return TableNames
}

async function external(): Promise<{ broker: Broker; store: Store }> {
  const [broker, store] = [await startBroker(), await startStore()]
  cleanups.push(() => Promise.all([broker.stop(), store.stop()]))
  return { broker, store }
}

describe('the stack', () => {
  it('brings records to the function that is packaged, with topics, tables and addresses in place', async () => {
    const { stack, seen, service } = await start()
    expect(stack.embedded).toMatchObject({ broker: true, store: { pid: expect.any(Number) } })
    expect(await tablesOf(stack.dynamodbUrl)).toEqual(['hello-dev-greetings'])
    await produce(stack)
    const { env } = await seen('start')
    expect(env).toMatchObject({
      TABLE: 'hello-dev-greetings',
      AWS_ENDPOINT_URL_DYNAMODB: stack.dynamodbUrl,
      KAFKA_BROKERS: stack.brokers.join(','),
    })
    await stack.running[0]?.idle()
    expect(stack.running[0]?.history).toMatchObject([{ decision: 'settled' }])
    expect(existsSync(join(service.dir, '.millrace', 'greet@1', 'src', 'handler.cjs.map'))).toBe(true)
  })

  it('creates a topic with 4 partitions, and leaves one that exists as it is', async () => {
    const { broker, store } = await external()
    const admin = kafka({ brokers: [broker.address] }).admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: 'greetings', numPartitions: 2 }] })
    const others = {
      GreetMapping2: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: {
          FunctionName: 'hello-dev-greet',
          Topics: ['others'],
          StartingPosition: 'LATEST',
        },
      },
    }
    await start({ brokers: broker.address, dynamodbUrl: store.url }, { resources: others })
    const { topics } = await admin.fetchTopicMetadata({ topics: ['greetings', 'others'] })
    const counts = new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
    expect([counts.get('greetings'), counts.get('others')]).toEqual([2, 4])
    await admin.disconnect()
  })

  it('takes a Kafka and a DynamoDB that run already in place of its own, by environment alone', async () => {
    const { broker, store } = await external()
    process.env.KAFKA_BROKERS = `${broker.address},${broker.address}`
    process.env.AWS_ENDPOINT_URL_DYNAMODB = store.url
    cleanups.push(() => {
      delete process.env.KAFKA_BROKERS
      delete process.env.AWS_ENDPOINT_URL_DYNAMODB
    })
    const { stack } = await start()
    expect(stack).toMatchObject({ brokers: [broker.address, broker.address], dynamodbUrl: store.url })
    expect(stack.embedded).toEqual({ broker: false })
    await stack.stop()
    expect(await tablesOf(store.url)).toEqual(['hello-dev-greetings'])
  })

  it('lets its caller come between functions and their store', async () => {
    const { stack, seen } = await start({
      functionEnvironment: async ({ dynamodbUrl }) => ({
        AWS_ENDPOINT_URL_DYNAMODB: `${dynamodbUrl}/proxy`,
        EXTRA: '1',
      }),
    })
    await produce(stack)
    const { env } = await seen('start')
    expect(env).toMatchObject({ AWS_ENDPOINT_URL_DYNAMODB: `${stack.dynamodbUrl}/proxy`, EXTRA: '1' })
  })

  it('finishes and commits the batch in flight when it is stopped, however often', async () => {
    const { broker, store } = await external()
    const { stack, seen, lines } = await start({ brokers: broker.address, dynamodbUrl: store.url })
    await produce(stack)
    await seen('start')
    const pid = [...stack.workers.values()][0]?.pid ?? 0
    await Promise.all([stack.stop(), stack.stop()])
    expect(lines.map(({ at }) => at)).toEqual(['start', 'end'])
    expect(() => process.kill(pid, 0)).toThrow()
    const admin = kafka(stack).admin()
    await admin.connect()
    const [offsets] = await admin.fetchOffsets({ groupId: 'greeters', topics: ['greetings'] })
    expect(offsets?.partitions.find(({ partition }) => partition === 0)?.offset).toBe('1')
    await admin.disconnect()
  })

  it.each([
    ['as many environments as it has pollers', {}, 2, 0],
    [
      'no more than it reserves; the mapping tries again, and spends no attempt',
      { ReservedConcurrentExecutions: 1 },
      1,
      1,
    ],
  ])('runs a function in %s [R-10, R-39]', async (_, fn, environments, throttled) => {
    const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 2, MaximumPollers: 2 } }
    const mapping = { MaximumBatchingWindowInSeconds: 0, MaximumRetryAttempts: 0, ...provisioned }
    const { stack } = await start({}, { fn, mapping })
    const [running] = stack.running
    const most = { pids: 0 }
    const all = [0, 1, 2, 3]
    // Each poller has two of the four partitions.
    for (const round of all) {
      await produceTo(stack, all, String(round))
      await expect.poll(() => running?.history.length, { timeout: 10_000 }).toBeGreaterThan(round)
      most.pids = Math.max(most.pids, [...stack.workers.values()][0]?.pids.length ?? 0)
    }
    await running?.idle()
    const decisions = running?.history.map(({ decision }) => decision) ?? []
    expect(most.pids).toBe(environments)
    expect(Math.min(1, decisions.filter((one) => one === 'unreached').length)).toBe(throttled)
    expect(new Set(decisions)).toEqual(new Set(throttled ? ['settled', 'unreached'] : ['settled']))
  })

  it('stops what has started when a later part does not', async () => {
    let [port, url] = [0, '']
    const failing = start(
      {
        functionEnvironment: ({ brokers, dynamodbUrl }) => {
          port = Number(brokers[0]?.split(':')[1])
          url = dynamodbUrl
          return {}
        },
      },
      { mapping: { SelfManagedKafkaEventSourceConfig: { ConsumptionMode: 'Queue' } } },
    )
    await expect(failing).rejects.toThrow(/^ML_LOCAL_MAPPING_UNSUPPORTED/)
    await expect(tablesOf(url)).rejects.toThrow()
    const again = await startBroker({ port })
    await again.stop()
  })

  it('says what to do when the broker it was given does not answer, or a port is taken', async () => {
    const { broker, store } = await external()
    await expect(start({ brokers: '127.0.0.1:9', dynamodbUrl: store.url })).rejects.toThrow(
      /^ML_LOCAL_KAFKA_UNREACHABLE/,
    )
    await expect(start({ ports: { broker: broker.port } })).rejects.toThrow(/^ML_LOCAL_PORT_IN_USE/)
    await expect(start({ ports: { dynamodb: store.port } })).rejects.toThrow(/^ML_LOCAL_PORT_IN_USE/)
  })
})
