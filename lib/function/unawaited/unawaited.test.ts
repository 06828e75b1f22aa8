import { Agent, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PutItemCommand } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type FunctionOptions, type Handler, kafkaFunction } from '../../index.js'
import { startStoreProxy } from '../../testing/faults/index.js'
import { invoke, kafkaEvent, type TestDeployment, testDeployment } from '../../testing/index.js'
import { captureLogs } from '../logs.fixture.js'

let deployment: TestDeployment
let server: Server
let topics = 0
let release = () => {}
const logs = captureLogs()

beforeAll(async () => {
  deployment = await testDeployment({ topic: 'none' })
  // Answers when the test says so.
  server = createServer((_, response) => {
    release = () => response.end('done')
    server.emit('asked')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await deployment.stop()
  agent.destroy()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})
beforeEach(() => logs.clear())

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
/** Three records of a topic of their own. */
function nextEvent() {
  const topic = `u${topics++}`
  process.env.MILLRACE_MAPPINGS = JSON.stringify([{ topic, group: 'g', partialResponses: true, withholds: false }])
  return kafkaEvent({ topic, records: ['a', 'b', 'c'].map((key) => ({ key, value: 1 })) })
}
async function failures(handle: Handler, options: FunctionOptions = {}) {
  const event = nextEvent()
  const { batchItemFailures } = await invoke(kafkaFunction({ order: 'key', ...options }, handle), event)
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.offset)
}
const agent = new Agent({ keepAlive: true })
/** Leaves a connection that the next request takes at once. */
async function warm() {
  const answered = asked().then(() => release())
  await new Promise<void>((resolve) => {
    request(url(), { method: 'PUT', agent }, (response) =>
      response.resume().on('end', () => setImmediate(resolve)),
    ).end()
  })
  await answered
}
const put = () => new PutItemCommand({ TableName: deployment.failuresTable, Item: { pk: { S: 'x' }, sk: { S: 'y' } } })
const asked = () => new Promise<void>((resolve) => server.once('asked', resolve))

describe('what a handler starts and does not await', () => {
  it('fails the record that started it, and no other, when it is rejected [K-06]', async () => {
    const listeners = process.listeners('unhandledRejection')
    expect(
      await failures(({ key }) => {
        if (key === 'b') void Promise.reject(new Error('not written'))
      }),
    ).toEqual([1])
    expect(logs.lines('retry')[0]).toMatchObject({
      offset: 1,
      reason: expect.stringContaining('not written'),
    })
    expect(process.listeners('unhandledRejection')).toEqual(listeners)
  })

  it('fails it as well when it is rejected after the handler has returned, while others run [K-06]', async () => {
    let release = () => {}
    const released = new Promise<void>((resolve) => (release = resolve))
    const write = async () => {
      await released
      throw new Error('late')
    }
    expect(
      await failures(
        async ({ key }) => {
          if (key === 'a') void write()
          if (key !== 'c') return
          release()
          await new Promise((resolve) => setImmediate(resolve))
        },
        { concurrency: 1 },
      ),
    ).toEqual([0])
  })

  it.each<[string, () => void]>([
    ['fetch', () => void fetch(url(), { method: 'POST' })],
    ['node:http', () => request(url(), { method: 'PUT', agent }).end()],
  ])('fails it when a write by %s is still pending as the handler returns [K-06]', async (_, send) => {
    await warm()
    const answered = asked().then(() => release())
    expect(
      await failures(({ key }) => {
        if (key === 'b') send()
      }),
    ).toEqual([1])
    await answered
    expect(logs.lines('retry')[0]?.reason).toContain('ML_HANDLER_PENDING')
  })

  it('fails it when a call of the AWS SDK is still pending [K-06]', async () => {
    await deployment.client.send(put())
    expect(await failures(({ key }) => void (key === 'c' && deployment.client.send(put())))).toEqual([2])
  })

  it('is no failure where it was awaited, or only reads, or where the function ignores it', async () => {
    expect(await failures(async () => void (await deployment.client.send(put())))).toEqual([])
    const answered = asked().then(() => release())
    expect(await failures(({ key }) => void (key === 'a' && fetch(url())))).toEqual([])
    await answered
    expect(await failures(() => void deployment.client.send(put()), { unawaitedWrites: 'ignore' })).toEqual([])
  })

  it.each<[string, FunctionOptions]>([
    ['', {}],
    [', and a checkpoint has been written since', { checkpointRecords: 1 }],
  ])('fails the batch when no record is known to have started it%s [K-06]', async (_, options) => {
    let begin = () => {}
    let go = () => {}
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const gone = new Promise<void>((resolve) => (go = resolve))
    // As a client of the module does: outside of every run.
    const client = async () => {
      await begun
      setImmediate(go)
      throw new Error('stray')
    }
    void client()
    const handle = () => {
      begin()
      return gone
    }
    await expect(failures(handle, { order: 'partition', ...options })).rejects.toThrow('stray')
    expect(logs.lines('rejected too late for any record to fail by it')).toEqual([])
    expect(logs.lines('no checkpoint: nothing is started once the lease is over')).toEqual([])
  })

  it('settles nothing at a checkpoint once such a rejection is known: all of it comes again [K-06]', async () => {
    let go = () => {}
    const gone = new Promise<void>((resolve) => (go = resolve))
    let begin = () => {}
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const client = async () => {
      await begun
      setImmediate(go)
      throw new Error('stray')
    }
    void client()
    const handled: (string | null)[] = []
    const event = nextEvent()
    const handler = kafkaFunction({ order: 'partition', checkpointRecords: 1 }, ({ key }) => {
      handled.push(key)
      begin()
      return gone
    })
    await expect(invoke(handler, event)).rejects.toThrow('stray')
    const before = handled.splice(0).length
    expect(before).toBeGreaterThan(0)
    expect((await invoke(handler, event)).batchItemFailures).toEqual([])
    expect(handled).toEqual(['a', 'b', 'c'])
  })

  it('is logged when it comes while the batch is being settled, too late for any record to fail by it', async () => {
    let fail = () => {}
    const failed = new Promise<void>((resolve) => (fail = resolve))
    // Once the store has settled, before the function hears of it.
    let calls = 0
    const proxy = await startStoreProxy({
      target: process.env.AWS_ENDPOINT_URL_DYNAMODB ?? '',
      onExchange: ({ request }) => {
        if (request.operation === 'BatchExecuteStatement' && ++calls === 2) fail()
      },
    })
    const { AWS_ENDPOINT_URL_DYNAMODB: store } = process.env
    process.env.AWS_ENDPOINT_URL_DYNAMODB = proxy.url
    try {
      const event = nextEvent()
      const handler = kafkaFunction({}, () => {
        void failed.then(() => Promise.reject(new Error('after the settle')))
      })
      expect((await invoke(handler, event)).batchItemFailures).toEqual([])
    } finally {
      process.env.AWS_ENDPOINT_URL_DYNAMODB = store
      await proxy.stop()
    }
    expect(JSON.stringify(logs.lines('rejected too late for any record to fail by it'))).toContain('after the settle')
  })
})
