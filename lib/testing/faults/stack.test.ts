import { DynamoDBClient, GetItemCommand, ListTablesCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { storeClient } from '../../local/store/index.js'
import { packagedService } from '../../local/template/service.fixture.js'
import { produce } from '../load/index.js'
import { accountant, type FaultyStack, runChaos, startFaultyStack, startStoreProxy, storeFaults } from './index.js'

/** Settles everything; waits as long as the first record says. Says where it believes its store. */
const code = `
exports.handler = async ({ records }) => {
  const [list] = Object.values(records)
  console.log('begun ' + process.env.AWS_ENDPOINT_URL_DYNAMODB)
  await new Promise((resolve) => setTimeout(resolve, Number(Buffer.from(list[0].value, 'base64').toString())))
}`

/** A client that does not try again. */
const onceOnly = (endpoint: string) =>
  new DynamoDBClient({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  })

const soon = { timeout: 20_000, interval: 50 }

describe('faults of a stack', () => {
  let stack: FaultyStack
  let remove: () => void
  const lines: string[] = []
  const mapping = 'GreetMapping'
  const running = () => stack.running[0] ?? expect.fail('no mapping')
  const history = () => running().history
  const send = (waitMs = 0) =>
    produce([{ value: Buffer.from(String(waitMs)), key: null, partition: 0 }], {
      brokers: stack.brokers,
      topic: 'greetings',
    })

  beforeAll(async () => {
    const service = packagedService({ code, mapping: { MaximumBatchingWindowInSeconds: 0 } })
    remove = service.remove
    stack = await startFaultyStack({
      serviceDir: service.dir,
      ignoreEnvironment: true,
      functionLog: (line) => void lines.push(line),
    })
  })
  afterAll(async () => {
    await stack?.stop()
    remove?.()
  })

  it('kill the process in the middle of an invocation, and the batch comes again', async () => {
    const killed = stack.faults.kill(mapping, 100)
    await send(1000)
    const pid = await killed
    await expect.poll(() => history().map(({ kind }) => kind), soon).toEqual(['crash', 'ok'])
    expect(pid).toBeGreaterThan(0)
    expect(lines[0]).not.toBe(`begun ${stack.dynamodbUrl}`)
  })

  it('deliver a settled batch once more, and the last one where none is named', async () => {
    await running().idle()
    const before = history().length
    expect(await stack.faults.redeliver(mapping)).toMatchObject({ redelivered: true, decision: { kind: 'settled' } })
    expect(history().slice(before)).toMatchObject([{ redelivered: true }])
  })

  it('hold deliveries back', async () => {
    const before = history().length
    stack.faults.delay(mapping, 700)
    const since = Date.now()
    await send()
    await expect.poll(() => history().length, soon).toBe(before + 1)
    expect(Date.now() - since).toBeGreaterThanOrEqual(650)
  })

  it('give the partitions out anew, and nothing is lost', async () => {
    await stack.faults.rebalance(mapping)
    const before = history().length
    await send()
    await expect.poll(() => history().length, soon).toBe(before + 1)
  })

  it('recreate the topic, which is then read from its start', async () => {
    await running().idle()
    await stack.faults.recreateTopic(mapping)
    const before = history().length
    await send()
    await expect.poll(() => history().length, soon).toBe(before + 1)
    expect(history().at(-1)?.partitions).toEqual({ 'greetings-0': { count: 1, first: 0, last: 0 } })
  })

  it('are refused for a mapping that is not there', async () => {
    await expect(stack.faults.rebalance('Nobody')).rejects.toThrow(/^ML_OPTION_INVALID: .*GreetMapping/)
  })

  it('that cannot be made end the chaos, and its records with it', async () => {
    let drawn = 0
    const records = function* () {
      for (;;) {
        drawn++
        yield { value: Buffer.from('0'), key: null, partition: 0 }
      }
    }
    const fails = { ...stack.faults, rebalance: () => Promise.reject(new Error('no rebalance')) }
    const options = { accountant: accountant(), seed: 1, only: ['rebalance'] as const, faults: 1, records }
    const chaos = runChaos({ ...options, stack: { ...stack, faults: fails }, ratePerSecond: 100 })
    await expect(chaos).rejects.toThrow('no rebalance')
    const before = drawn
    const goesOn = vi.waitFor(() => expect(drawn).toBeGreaterThan(before), { timeout: 1000 })
    await expect(goesOn).rejects.toThrow()
  })

  describe('of its store', () => {
    const table = 'hello-dev-greetings'
    const put = (id: string) => new PutItemCommand({ TableName: table, Item: { id: { S: id } } })

    it('refuse, lose answers of what was done, are slow, and pass', async () => {
      const store = storeFaults(Math.random)
      const proxy = await startStoreProxy({ target: stack.dynamodbUrl, rule: store.rule })
      const [client, direct] = [onceOnly(proxy.url), storeClient(stack.dynamodbUrl)]
      try {
        store.begin({ kind: 'throttle', ms: 60_000 })
        await expect(client.send(put('throttled'))).rejects.toMatchObject({
          name: 'ProvisionedThroughputExceededException',
        })
        store.end()
        store.begin({ kind: 'lose', ms: 60_000 })
        await expect(client.send(put('lost'))).rejects.toThrow()
        store.end()
        store.begin({ kind: 'timeout', ms: 60_000 })
        const since = Date.now()
        await client.send(new ListTablesCommand({}))
        expect(Date.now() - since).toBeGreaterThan(1000)
        store.end()
        await client.send(put('passed'))
        const found = async (id: string) =>
          (await direct.send(new GetItemCommand({ TableName: table, Key: { id: { S: id } } }))).Item !== undefined
        expect([await found('throttled'), await found('lost'), await found('passed')]).toEqual([false, true, true])
      } finally {
        for (const one of [client, direct]) one.destroy()
        await proxy.stop()
      }
    })
  })
})
