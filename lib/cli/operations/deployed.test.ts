import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Lambda } from '@aws-sdk/client-lambda'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { writeOutputs } from '../../deployment/index.js'
import { captureLogs } from '../../function/logs.fixture.js'
import { type TestDeployment, testDeployment } from '../../testing/index.js'
import { run } from '../failures/failures.fixture.js'
import type { CommonOptions } from '../voice.js'
import { type Account, startAws, type Told } from './aws.fixture.js'
import { commands } from './index.js'
import { clientOptions, openMappings } from './lambda.js'
import type { StatusOptions } from './options.js'

captureLogs()
let deployment: TestDeployment
let account: Account
let stop: () => Promise<void>
beforeAll(async () => {
  deployment = await testDeployment({ topic: 'orders' })
})
afterAll(() => deployment.stop())
beforeEach(async () => {
  const functions = ['orders', 'bills'].map((name) => ({
    ...{ name, deployed: `shop-dev-${name}`, topic: name, group: `${name}-group`, brokers: [] },
  }))
  account = {
    stack: 'shop-dev',
    outputs: Object.fromEntries(
      Object.entries(writeOutputs({ ...deployment, functions }, ['A', 'B'])).map(([key, { Value }]) => [key, Value]),
    ),
    alarms: { 'shop-dev-orders-stall': undefined },
    mappings: [
      // Another group of the same function on the same topic, and others before it: it is on the second page.
      ...[1, 2].map((n) => told(`other${n}`, 'shop-dev-orders', 'orders', `others-${n}`)),
      told('u1', 'shop-dev-orders', 'orders', 'orders-group'),
      told('u2', 'shop-dev-bills:live', 'bills', 'bills-group'),
    ],
    metrics: { SumOffsetLag: 7, MaxOffsetLag: 4 },
  }
  const aws = await startAws(account)
  stop = aws.stop
  vi.stubEnv('AWS_ENDPOINT_URL', aws.url)
  vi.stubEnv('KAFKA_BROKERS', '')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await stop()
})

function told(UUID: string, name: string, topic: string, ConsumerGroupId: string): Told {
  return {
    ...{ UUID, FunctionArn: `arn:aws:lambda:us-east-1:123456789012:function:${name}`, Topics: [topic] },
    ...{ State: 'Enabled', StateTransitionReason: 'USER_INITIATED', LastProcessingResult: 'OK' },
    SelfManagedKafkaEventSourceConfig: { ConsumerGroupId },
  }
}

const stack = { stack: 'shop-dev', region: 'us-east-1' }
const status = (options: StatusOptions & CommonOptions = {}) =>
  run(commands.status, { json: true, ...stack, ...options })

/** Changes what Lambda tells of the first mapping. */
const change = (to: Partial<Told>) => void Object.assign(account.mappings[2] ?? {}, to)

describe('of a deployed stack', () => {
  it('finds each mapping by function, topic and group, also under an alias, and its lag in CloudWatch', async () => {
    const { code, of } = await status()
    expect(of('mapping').map(({ function: name, uuid, lag }) => [name, uuid, lag])).toEqual([
      ['orders', 'u1', { value: { records: 7, from: 'SumOffsetLag', at: 1_800_000_000_000 } }],
      ['bills', 'u2', { value: { records: 7, from: 'SumOffsetLag', at: 1_800_000_000_000 } }],
    ])
    expect(of('status')).toEqual([{ event: 'status', count: 2, wrong: 0, place: 'the stack shop-dev', alarms: 0 }])
    expect(code).toBe(0)
    delete account.metrics.SumOffsetLag
    expect((await status({ json: false })).text).toMatch(/\norders .*Enabled +at least 4 /)
  })

  it('says why a lag is not known, which is not wrong', async () => {
    account.metrics = {}
    const { code, text } = await status({ json: false, names: ['orders'] })
    expect(text).toMatch(
      /\n {2}lag not known: the brokers are not known: give --brokers; and CloudWatch has no SumOffsetLag/,
    )
    expect(text).toMatch(/; all is well, as far as is known: the lag of 1 is not$/)
    expect(code).toBe(0)
  })

  it.each([
    [
      'its last result is a problem',
      { LastProcessingResult: 'PROBLEM: Function call failed' },
      /last result is a problem/,
    ],
    [
      'it is Disabled by nobody’s wish',
      { State: 'Disabled', StateTransitionReason: 'Lambda did' },
      /nobody asked for that: Lambda did/,
    ],
    ['it is being deleted', { State: 'Deleting' }, /is being deleted/],
  ])('ends with 1 where %s', async (_, changes, sentence) => {
    change(changes)
    const { code, of } = await status({ names: ['orders'] })
    expect(of('mapping')[0]?.wrong).toEqual([expect.stringMatching(sentence)])
    expect(code).toBe(1)
  })

  it('ends with 0 where it was paused, and with 1 where Lambda has none', async () => {
    change({ State: 'Disabled' })
    expect((await status({ names: ['orders'] })).code).toBe(0)
    account.mappings.splice(2, 1)
    const { code, of } = await status({ names: ['orders'] })
    expect(of('mapping')[0]).toMatchObject({ state: 'Missing', uuid: null })
    expect(code).toBe(1)
    await expect(run(commands.pause, { ...stack, names: ['orders'] })).rejects.toThrow(
      'ML_MAPPING_MISSING: Lambda has no mapping of orders to shop-dev-orders',
    )
  })

  it('ends with 1 where an alarm of the stack is on, or nobody may tell', async () => {
    account.alarms['shop-dev-orders-stall'] = 'nothing settled'
    const { code, of, text } = await status({ json: false })
    expect(of('alarm')).toEqual([
      { event: 'alarm', name: 'shop-dev-orders-stall', reason: 'nothing settled', since: 1_800_000_000_000 },
    ])
    expect(text).toMatch(/\n! ALARM shop-dev-orders-stall since .*: nothing settled\n.*alarms to see to$/)
    expect(code).toBe(1)
    account.alarms.denied = ''
    const denied = await status()
    expect(denied.of('alarms')).toEqual([{ event: 'alarms', unknown: expect.stringContaining('not allowed') }])
    expect(denied.code).toBe(1)
  })

  it('is paused and resumed by the same call', async () => {
    const options = { ...stack, names: ['bills'], json: true }
    expect((await run(commands.pause, options)).of('paused')[0]).toMatchObject({ uuid: 'u2', state: 'Disabled' })
    expect(account.mappings.map(({ State }) => State)).toEqual(['Enabled', 'Enabled', 'Enabled', 'Disabled'])
    expect((await run(commands.resume, options)).code).toBe(0)
    expect(account.mappings[3]?.State).toBe('Enabled')
  })

  it('asks Lambda a few questions at once, however many functions it has', async () => {
    const functions = Array.from({ length: 20 }, (_, n) => ({
      ...{ name: `f${n}`, deployed: `shop-dev-f${n}`, topic: 'orders', group: `g${n}`, brokers: [] },
    }))
    account.mappings.push(...functions.map(({ deployed, group }) => told(deployed, deployed, 'orders', group)))
    const api = await openMappings({ kind: 'deployed', stack: 'shop-dev', region: 'us-east-1' })
    expect((await api.find(functions)).map((found) => found?.UUID)).toEqual(functions.map(({ deployed }) => deployed))
    api.close()
    expect(account.mostAtOnce).toBeLessThanOrEqual(5)
  })

  it('is given up on where nobody answers, in bounded time', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const { requestHandler, ...options } = clientOptions({ kind: 'local', url: `http://127.0.0.1:${port}` })
    const client = new Lambda({ ...options, maxAttempts: 1, requestHandler: { ...requestHandler, requestTimeout: 50 } })
    await expect(client.listEventSourceMappings({})).rejects.toThrow(/timed? ?out|exceeded/i)
    client.destroy()
    silent.closeAllConnections()
    silent.close()
  })

  it('is not drained where nobody knows its brokers', async () => {
    await expect(run(commands.drain, stack)).rejects.toThrow(
      'ML_USAGE: the stack shop-dev does not say where the Kafka of orders (orders) is; give --brokers',
    )
  })
})
