import { expect, test } from 'vitest'
import { admin, broker, producer } from './kafkajs.fixture.js'
import { batchBytes } from './log/batch.fixture.js'
import { rawClient } from './raw-client.fixture.js'
import type { Writer } from './wire/writer.js'

const apiVersionsKey = 18
const metadataKey = 3
const mebi = 1024 * 1024

/** The first `sent` bytes of a request that announces more. */
function beginning(announced: number, sent: number): Buffer {
  const bytes = Buffer.alloc(sent)
  bytes.writeInt32BE(announced)
  return bytes
}

test('connections beyond the limit are closed with a line in the log, and others taken when one has gone', async () => {
  const lines: string[] = []
  const started = await broker({ maxConnections: 2, log: (line) => lines.push(line) })
  const [first] = [await rawClient(started), await rawClient(started)]
  const third = await rawClient(started)
  await third.closed
  expect(lines).toEqual(['broker: refused a connection: 2 are open'])
  await first?.end()
  await expect.poll(() => started.usage().connections).toBe(1)
  const fourth = await rawClient(started)
  fourth.send(apiVersionsKey, 0, 7, () => undefined)
  expect((await fourth.answer()).correlation).toBe(7)
})

test('a request beyond the limit ends its connection before its bytes are taken', async () => {
  const started = await broker({ maxRequestBytes: 2048 })
  const client = await rawClient(started)
  client.write(beginning(2049, 20))
  await client.closed
  const within = await rawClient(started)
  within.send(metadataKey, 1, 3, (writer) => writer.array([], () => undefined))
  expect((await within.answer()).correlation).toBe(3)
})

test('requests that are never finished cannot take more than the limit together, and disturb nobody', async () => {
  const lines: string[] = []
  const started = await broker({ maxHeldBytes: 2 * mebi, maxRequestBytes: mebi, log: (line) => lines.push(line) })
  const healthy = await producer(started)
  const held: number[] = []
  for (let n = 0; n < 40; n++) {
    const client = await rawClient(started)
    client.write(beginning(mebi, mebi - 1))
    // Either all of it is held, or somebody had to go for it.
    await expect
      .poll(() => started.usage().heldBytes + mebi * lines.length)
      .toBeGreaterThanOrEqual((n + 1) * (mebi - 1))
    held.push(started.usage().heldBytes)
    await healthy.send({ topic: 'healthy', messages: [{ value: 'a' }] })
  }
  expect(Math.max(...held)).toBeLessThanOrEqual(2 * mebi)
  expect(lines.length).toBeGreaterThanOrEqual(38)
  expect(lines[0]).toMatch(/held most of the 2097152 bytes/)
})

test('a connection that falls silent is closed, one that waits for its answer is not', async () => {
  const lines: string[] = []
  const started = await broker({ maxIdleMs: 100, log: (line) => lines.push(line) })
  const [waiting, silent] = [await rawClient(started), await rawClient(started)]
  waiting.send(metadataKey, 1, 4, (writer) => writer.array(['quiet'], (name) => writer.string(name)))
  await waiting.answer()
  waiting.send(1, 4, 5, (writer) => {
    writer.int32(-1).int32(400).int32(1).int32(1000).int8(0)
    writer.array(['quiet'], (name) => {
      writer.string(name).array([0], (partition) => writer.int32(partition).int64(0).int32(1000))
    })
  })
  await silent.closed
  expect(started.usage().requests).toBe(1)
  expect((await waiting.answer()).correlation).toBe(5)
  await waiting.closed
  expect(lines.filter((line) => line.endsWith('nothing came or went for 100 ms')).length).toBeGreaterThanOrEqual(2)
})

test('a client that does not take its answers is closed, and what it was to get is let go', async () => {
  const started = await broker({ maxIdleMs: 200 })
  const send = await producer(started)
  for (let n = 0; n < 20; n++) {
    await send.send({ topic: 'large', messages: [{ partition: 0, value: Buffer.alloc(1_000_000, n) }] })
  }
  const client = await rawClient(started)
  client.pause()
  client.send(1, 4, 5, (writer) => {
    writer
      .int32(-1)
      .int32(0)
      .int32(1)
      .int32(50 * mebi)
      .int8(0)
    writer.array(['large'], (name) => {
      writer.string(name).array([0], (partition) =>
        writer
          .int32(partition)
          .int64(0)
          .int32(50 * mebi),
      )
    })
  })
  await expect.poll(() => started.usage().requests).toBe(1)
  await expect.poll(() => started.usage()).toMatchObject({ requests: 0, heldBytes: 0 })
})

test('a request with more items than any client asks for ends its connection before they take memory', async () => {
  const started = await broker()
  const client = await rawClient(started)
  const names = Array.from({ length: 600_000 }, () => 'a')
  client.send(metadataKey, 1, 3, (writer: Writer) => writer.array(names, (name) => writer.string(name)))
  await client.closed
  expect(await (await admin(started)).listTopics()).toEqual([])
})

test('an answer holds no more than 55 MiB, whatever its reader asks for', async () => {
  const started = await broker()
  const configEntries = [{ name: 'max.message.bytes', value: `${30 * mebi}` }]
  await (await admin(started)).createTopics({ topics: [{ topic: 'large', numPartitions: 1, configEntries }] })
  const client = await rawClient(started)
  for (let n = 0; n < 3; n++) {
    client.send(0, 3, 1, (writer) => {
      writer.string(null).int16(-1).int32(1000)
      const records = batchBytes({ payload: Buffer.alloc(20 * mebi) })
      writer.array(['large'], (name) => writer.string(name).array([0], (one) => writer.int32(one).bytes(records)))
    })
    await client.answer()
  }
  client.send(1, 4, 1, (writer) => {
    writer
      .int32(-1)
      .int32(1000)
      .int32(1)
      .int32(2 ** 31 - 1)
      .int8(0)
    writer.array(['large'], (name) => {
      writer.string(name).array([0], (one) =>
        writer
          .int32(one)
          .int64(0)
          .int32(2 ** 31 - 1),
      )
    })
  })
  const { body } = await client.answer()
  body.int32()
  const [lengths] = body.array((item) => {
    item.string()
    return item.array((one) => {
      one.int32()
      one.int16()
      one.int64()
      one.int64()
      one.nullableArray(() => undefined)
      return one.bytes().length
    })
  })
  expect(lengths).toEqual([2 * batchBytes({ payload: Buffer.alloc(20 * mebi) }).length])
  await client.end()
})

test('clients cannot make more partitions than the broker has memory for, however they ask', async () => {
  const started = await broker({ defaultPartitions: 10_000 })
  const tool = await admin(started)
  const large = Array.from({ length: 9 }, (_, n) => ({ topic: `large-${n}` }))
  const others = [
    { topic: 'grown', numPartitions: 9_999 },
    { topic: 'small', numPartitions: 1 },
  ]
  await tool.createTopics({ topics: [...large, ...others], waitForLeaders: false })
  const more = { topics: [{ topic: 'more', numPartitions: 1 }] }
  await expect(tool.createTopics(more)).rejects.toMatchObject({ errors: [{ type: 'POLICY_VIOLATION' }] })
  const grown = tool.createPartitions({ topicPartitions: [{ topic: 'grown', count: 10_000 }] })
  await expect(grown).rejects.toMatchObject({ type: 'POLICY_VIOLATION' })
  const unknown = (await producer(started)).send({ topic: 'unknown', messages: [] })
  await expect(unknown).rejects.toMatchObject({ cause: { type: 'POLICY_VIOLATION' } })
  await tool.deleteTopics({ topics: ['small'] })
  expect(await tool.createTopics(more)).toBe(true)
})

test('limits out of range are refused', async () => {
  const wrong = [{ maxConnections: 0 }, { maxRequestBytes: 10 }, { maxHeldBytes: 5000 }, { maxIdleMs: 0.5 }]
  for (const options of wrong) await expect(broker(options)).rejects.toMatchObject({ code: 'ML_OPTION_INVALID' })
})
