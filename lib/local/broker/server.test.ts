import { expect, test } from 'vitest'
import { apis } from './api/table.js'
import { startBroker } from './index.js'
import { admin, broker, producer } from './kafkajs.fixture.js'
import { type RawClient, rawClient } from './raw-client.fixture.js'

const fetchKey = 1
const apiVersionsKey = 18

/** Fetches partition 0 of a topic from `offset`, in version 4. */
function sendFetch(client: RawClient, topic: string, offset: number, minBytes: number, waitMs: number): void {
  client.send(fetchKey, 4, offset, (writer) => {
    writer.int32(-1).int32(waitMs).int32(minBytes).int32(1_000_000).int8(0)
    writer.array([topic], (name) => {
      writer.string(name).array([0], (partition) => writer.int32(partition).int64(offset).int32(1_000_000))
    })
  })
}

async function fetched(client: RawClient) {
  const { body } = await client.answer()
  body.int32()
  const [topic] = body.array((item) => {
    item.string()
    return item.array((one) => {
      const [, error, highWatermark, stable] = [one.int32(), one.int16(), one.int64(), one.int64()]
      one.nullableArray(() => undefined)
      return { error, highWatermark, stable, bytes: one.bytes().length }
    })
  })
  return topic?.[0]
}

test('a waiting fetch is answered when records arrive, long before its time is up', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const client = await producer(started)
  await client.send({ topic: 'woken', messages: [{ value: 'a' }] })
  const waiting = await rawClient(started)
  sendFetch(waiting, 'woken', 1, 1, 600_000)
  const answer = fetched(waiting)
  await client.send({ topic: 'woken', messages: [{ value: 'b' }, { value: 'c' }] })
  expect(await answer).toMatchObject({ error: 0, highWatermark: 3n, stable: 3n })
  await waiting.end()
})

test('a fetch waits for as many bytes as it asks for, and no longer than it says', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const client = await producer(started)
  await client.send({ topic: 'filled', messages: [{ value: 'a' }] })
  const waiting = await rawClient(started)
  sendFetch(waiting, 'filled', 0, 1000, 600_000)
  const answer = fetched(waiting)
  for (let n = 0; n < 20; n++) await client.send({ topic: 'filled', messages: [{ value: 'a'.repeat(100) }] })
  const full = await answer
  expect(full?.bytes).toBeGreaterThanOrEqual(1000)
  expect(full?.bytes).toBeLessThan(1200)
  sendFetch(waiting, 'filled', 21, 1, 20)
  expect(await fetched(waiting)).toMatchObject({ error: 0, bytes: 0 })
  await waiting.end()
})

test('a waiting fetch is answered when its topic is deleted', async () => {
  const started = await broker({ defaultPartitions: 1 })
  await (await producer(started)).send({ topic: 'doomed', messages: [{ value: 'a' }] })
  const waiting = await rawClient(started)
  sendFetch(waiting, 'doomed', 1, 1, 600_000)
  const answer = fetched(waiting)
  await (await admin(started)).deleteTopics({ topics: ['doomed'] })
  expect(await answer).toMatchObject({ error: 3 })
  await waiting.end()
})

test('requests of one connection are answered in their order, though a later one could be answered first', async () => {
  const started = await broker({ defaultPartitions: 1 })
  await (await producer(started)).send({ topic: 'ordered', messages: [{ value: 'a' }] })
  const client = await rawClient(started)
  sendFetch(client, 'ordered', 1, 1, 50)
  for (let n = 100; n < 150; n++) client.send(apiVersionsKey, 0, n, () => undefined)
  const order: number[] = []
  for (let n = 0; n < 51; n++) order.push((await client.answer()).correlation)
  expect(order).toEqual([1, ...Array.from({ length: 50 }, (_, n) => 100 + n)])
  await client.end()
})

test('an ApiVersions of a version to come is answered in version 0, and names the versions there are', async () => {
  const started = await broker()
  const client = await rawClient(started)
  client.send(apiVersionsKey, 99, 7, () => undefined)
  const { correlation, body } = await client.answer()
  expect([correlation, body.int16()]).toEqual([7, 35])
  expect(body.array((item) => [item.int16(), item.int16(), item.int16()])).toEqual([[18, 0, 3]])
  client.send(apiVersionsKey, 3, 8, (writer) => writer.string('raw').string('1').tags(), true)
  const compact = (await client.answer(true)).body
  expect(compact.int16()).toBe(0)
  const ranges = compact.array((item) => [item.int16(), item.int16(), item.int16(), item.tags()])
  expect(ranges.map(([key]) => key)).toEqual([...apis.keys()].sort((one, other) => one - other))
  await client.end()
})

test('a connection that sends what is no request is closed with a line in the log, and no other is harmed', async () => {
  const lines: string[] = []
  const started = await broker({ defaultPartitions: 1, log: (line) => lines.push(line) })
  const healthy = await producer(started)
  const oversized = Buffer.from([0x7f, 0xff, 0xff, 0xff])
  const negative = Buffer.from([0xff, 0xff, 0xff, 0xff])
  const unknownApi = Buffer.from([0, 0, 0, 10, 0, 99, 0, 0, 0, 0, 0, 1, 0xff, 0xff])
  const cutShort = Buffer.from([0, 0, 0, 12, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0, 1])
  const hugeArray = Buffer.from([0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff])
  for (const [index, bytes] of [oversized, negative, unknownApi, cutShort, hugeArray].entries()) {
    const client = await rawClient(started)
    client.write(bytes)
    await client.closed
    expect(lines).toHaveLength(index + 1)
  }
  expect(lines[0]).toContain('a request announces 2147483647 bytes')
  await healthy.send({ topic: 'healthy', messages: [{ value: 'a' }] })
})

test('a frame that comes byte by byte is read as one', async () => {
  const started = await broker()
  const client = await rawClient(started)
  for (const byte of [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 5, 0xff, 0xff]) client.write(Buffer.from([byte]))
  expect((await client.answer()).correlation).toBe(5)
  await client.end()
})

test('a port in use is an error that says what to do', async () => {
  const first = await broker()
  await expect(startBroker({ port: first.port })).rejects.toMatchObject({
    code: 'ML_LOCAL_PORT_IN_USE',
    message: expect.stringContaining('give the broker another port'),
  })
  await expect(startBroker({ port: -1 })).rejects.toMatchObject({ code: 'ML_OPTION_INVALID' })
  await expect(startBroker({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'ML_OPTION_INVALID' })
})

test('a broker on every address tells each client the one it has reached', async () => {
  const started = await broker({ host: '0.0.0.0' })
  expect(started.address).toBe(`127.0.0.1:${started.port}`)
  const { brokers } = await (await admin(started)).describeCluster()
  expect(brokers).toEqual([{ nodeId: 1, host: '127.0.0.1', port: started.port }])
})

test('stopping ends waiting requests, frees the port, and may be done twice', async () => {
  const started = await broker({ defaultPartitions: 1 })
  await (await producer(started)).send({ topic: 'held', messages: [{ value: 'a' }] })
  const waiting = await rawClient(started)
  sendFetch(waiting, 'held', 1, 1, 600_000)
  await Promise.all([started.stop(), started.stop()])
  await waiting.closed
  const successor = await broker({ port: started.port })
  expect(successor.address).toBe(`127.0.0.1:${started.port}`)
})
