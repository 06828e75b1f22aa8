import { request } from 'node:http'
import { Lambda, type LambdaServiceException } from '@aws-sdk/client-lambda'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RunningMapping } from '../esm/index.js'
import { broker, committed, crash, latch, mapping, numbered, ok, produce, report } from '../esm/mapping.fixture.js'
import { localClient } from '../store/index.js'
import { type Control, startControl } from './index.js'

let control: Control
let client: Lambda
let mappings: RunningMapping[]
const said: string[] = []
beforeEach(async () => {
  mappings = []
  control = await startControl({
    running: () => ({ mappings, brokers: ['127.0.0.1:9092'] }),
    log: (line) => said.push(line),
  })
  client = new Lambda(localClient(control.url))
})
afterEach(async () => {
  client.destroy()
  await control.stop()
})

const only = async () => (await client.listEventSourceMappings({})).EventSourceMappings?.[0] ?? expect.fail('none')
const becomes = (uuid: string, state: string) =>
  vi.waitFor(async () => expect(await client.getEventSourceMapping({ UUID: uuid })).toMatchObject({ State: state }))

/** The error that a call ends with. */
const errorOf = async (call: Promise<unknown>): Promise<LambdaServiceException> =>
  call.then(
    () => expect.fail('it went well'),
    (error) => error as LambdaServiceException,
  )

describe('Lambda’s own client, pointed at the mappings of this machine', () => {
  it('reads what a mapping is', async () => {
    const on = await broker()
    await produce(on, numbered(2))
    mappings.push(await mapping(on, () => ok(), { maximumRetryAttempts: 3, batchSize: 7, batchingWindowMs: 1_000 }))
    expect(await only()).toMatchObject({
      UUID: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/),
      FunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:orders',
      State: 'Enabled',
      StateTransitionReason: 'USER_INITIATED',
      LastModified: expect.any(Date),
      Topics: ['orders'],
      SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['127.0.0.1:9092'] } },
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'workers' },
      ...{ BatchSize: 7, MaximumBatchingWindowInSeconds: 1, MaximumRetryAttempts: 3 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    })
  })

  it('reads how the last invocation ended', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(on, numbered(2))
    const answers = [ok(), report(['orders-0', 1]), crash]
    const seen: (string | undefined)[] = []
    const beforeInvoke = async () => void seen.push((await only()).LastProcessingResult)
    const changes = { batchSize: 1, enabled: false }
    const running = await mapping(on, () => answers.shift() ?? ok(), changes, { beforeInvoke })
    mappings.push(running)
    await running.life.enable()
    await running.idle()
    expect(seen).toEqual(['No records processed', 'OK', 'OK', 'PROBLEM: Function call failed'])
  })

  it('disables it: Disabling while a batch is in flight, then Disabled with that committed, and enables it again', async () => {
    const on = await broker({ defaultPartitions: 1 })
    await produce(on, numbered(4))
    const [begun, gate] = [latch(), latch()]
    const running = await mapping(
      on,
      async () => {
        begun.open()
        await gate.opened
        return ok()
      },
      { batchSize: 2 },
    )
    mappings.push(running)
    await begun.opened
    const { UUID: uuid = '' } = await only()
    expect(await client.updateEventSourceMapping({ UUID: uuid, Enabled: false })).toMatchObject({
      ...{ UUID: uuid, State: 'Disabling' },
      $metadata: { httpStatusCode: 202 },
    })
    await becomes(uuid, 'Disabling')
    const refused = await errorOf(client.updateEventSourceMapping({ UUID: uuid, Enabled: true }))
    expect(refused).toMatchObject({ name: 'ResourceInUseException', $metadata: { httpStatusCode: 400 } })
    gate.open()
    await becomes(uuid, 'Disabled')
    expect(await committed(on)).toEqual({ 0: 2 })
    await client.updateEventSourceMapping({ UUID: uuid, Enabled: true })
    await becomes(uuid, 'Enabled')
    await running.idle()
    expect(await committed(on)).toEqual({ 0: 4 })
  })

  it('finds mappings by function as Lambda does, page by page', async () => {
    const on = await broker()
    await produce(on, numbered(1))
    for (const [functionName, id] of [
      ['orders', 'A'],
      ['orders', 'B'],
      ['bills', 'C'],
    ] as const)
      mappings.push(await mapping(on, () => ok(), { functionName, id, enabled: false }))
    const count = async (FunctionName: string) =>
      (await client.listEventSourceMappings({ FunctionName })).EventSourceMappings?.length
    const arn = 'arn:aws:lambda:us-east-1:123456789012:function:orders'
    expect(await Promise.all(['orders', arn, `${arn}:$LATEST`, 'orders:3', 'nobody'].map(count))).toEqual([
      2, 2, 2, 0, 0,
    ])
    const first = await client.listEventSourceMappings({ MaxItems: 2 })
    const second = await client.listEventSourceMappings({ MaxItems: 2, Marker: first.NextMarker })
    const pages = [first, second].map(({ EventSourceMappings: all = [] }) => all.map(({ FunctionArn: of }) => of))
    expect(pages).toEqual([[arn, arn], [arn.replace('orders', 'bills')]])
    expect(second.NextMarker).toBeUndefined()
  })

  it('is refused as Lambda refuses', async () => {
    const on = await broker()
    await produce(on, numbered(1))
    mappings.push(await mapping(on, () => ok(), { enabled: false }))
    const { UUID: uuid } = await only()
    const missing = await errorOf(client.getEventSourceMapping({ UUID: 'ffffffff-0000-8000-8000-000000000000' }))
    expect(missing).toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'The resource you requested does not exist.',
      $metadata: { httpStatusCode: 404 },
    })
    const changed = await errorOf(client.updateEventSourceMapping({ UUID: uuid, BatchSize: 5 }))
    expect(changed).toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringContaining('BatchSize cannot be changed locally'),
    })
    expect(await errorOf(client.deleteEventSourceMapping({ UUID: uuid }))).toMatchObject({
      name: 'UnknownOperationException',
    })
    expect(await errorOf(client.listEventSourceMappings({ Marker: 'odd' }))).toMatchObject({
      name: 'InvalidParameterValueException',
    })
    const put = (body: string) =>
      fetch(`${control.url}/2015-03-31/event-source-mappings/${uuid}`, { method: 'PUT', body })
    for (const body of ['{', '[]', '{"Enabled":1}', ' '.repeat(65_537)]) {
      const response = await put(body)
      expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([
        400,
        'InvalidParameterValueException',
      ])
      expect(await response.json()).toEqual({ Type: 'User', Message: expect.any(String) })
    }
  })

  it('answers to this machine’s own names alone, so that no page of the web switches it under another', async () => {
    const { port } = new URL(control.url)
    const answer = (host: string, path = '/2015-03-31/event-source-mappings') =>
      new Promise<number | undefined>((resolve, reject) => {
        const sent = request({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
        sent.on('error', reject).end()
      })
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`, `rebound.example:${port}`, `127.0.0.1.example:${port}`]
    expect(await Promise.all(hosts.map((host) => answer(host)))).toEqual([200, 200, 403, 403])
    expect(await answer(`localhost:${port}`, '//[')).toBe(404)
  })

  it('is told why one could not be enabled', async () => {
    const on = await broker()
    mappings.push(await mapping(on, () => ok(), { enabled: false, topic: 'none' }))
    const { UUID: uuid = '' } = await only()
    await client.updateEventSourceMapping({ UUID: uuid, Enabled: true })
    await vi.waitFor(async () =>
      expect(await only()).toMatchObject({
        State: 'Disabled',
        StateTransitionReason: expect.stringContaining('ML_LOCAL_TOPIC_MISSING'),
      }),
    )
    expect(said.join('\n')).toContain('could not be switched')
  })
})
