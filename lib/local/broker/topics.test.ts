import { expect, test } from 'vitest'
import { admin, broker, closing, consumer, kafka, producer } from './kafkajs.fixture.js'
import { rawClient } from './raw-client.fixture.js'
import type { Reader } from './wire/reader.js'

test('topics are created with the partitions asked for, once, and never with none', async () => {
  const started = await broker()
  const tool = await admin(started)
  expect(await tool.createTopics({ topics: [{ topic: 'three', numPartitions: 3 }] })).toBe(true)
  expect(await tool.createTopics({ topics: [{ topic: 'three', numPartitions: 3 }] })).toBe(false)
  const { topics } = await tool.fetchTopicMetadata({ topics: ['three'] })
  expect(topics[0]?.partitions.map(({ partitionId, leader }) => [partitionId, leader])).toEqual([
    [0, 1],
    [1, 1],
    [2, 1],
  ])
  const refusal = (topic: string, numPartitions: number, replicationFactor = 1) =>
    tool.createTopics({ topics: [{ topic, numPartitions, replicationFactor }] }).then(
      () => 'created',
      (error) => error.errors?.[0]?.type ?? error.type,
    )
  expect(await refusal('none', 0)).toBe('INVALID_PARTITIONS')
  expect(await refusal('many', 10_001)).toBe('INVALID_PARTITIONS')
  expect(await refusal('spread', 1, 3)).toBe('INVALID_REPLICATION_FACTOR')
  expect(await refusal('no spaces', 1)).toBe('INVALID_TOPIC_EXCEPTION')
  expect(await tool.listTopics()).toEqual(['three'])
})

test('a topic gets more partitions, and keeps what it holds', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const tool = await admin(started)
  await (await producer(started)).send({ topic: 'growing', messages: [{ value: 'a' }] })
  await tool.createPartitions({ topicPartitions: [{ topic: 'growing', count: 3 }] })
  const offsets = await tool.fetchTopicOffsets('growing')
  expect(offsets.map(({ partition, high }) => [partition, high]).sort()).toEqual([
    [0, '1'],
    [1, '0'],
    [2, '0'],
  ])
  await expect(tool.createPartitions({ topicPartitions: [{ topic: 'growing', count: 2 }] })).rejects.toThrow()
})

test('a topic that does not exist is created on demand only where the broker may', async () => {
  const strict = await broker({ autoCreateTopics: false })
  const client = await producer(strict, { retry: { retries: 0 } })
  await expect(client.send({ topic: 'absent', messages: [{ value: 'a' }] })).rejects.toThrow('does not host')
  const lenient = await broker({ defaultPartitions: 7 })
  await (await producer(lenient)).send({ topic: 'absent', messages: [{ value: 'a' }] })
  expect(await (await admin(lenient)).fetchTopicOffsets('absent')).toHaveLength(7)
})

test('a topic deleted and created again is another topic: empty, without committed offsets, under a new id', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const tool = await admin(started)
  const client = await producer(started)
  await client.send({ topic: 'again', messages: [{ value: 'old' }, { value: 'old' }] })
  const reading = await consumer(started, 'again', { groupId: 'readers' })
  await reading.until(() => reading.seen.length === 2)
  await reading.stop()
  const idBefore = await topicId(started, 'again')
  await tool.deleteTopics({ topics: ['again'] })
  await tool.createTopics({ topics: [{ topic: 'again', numPartitions: 1 }] })
  expect(await topicId(started, 'again')).not.toBe(idBefore)
  expect(await tool.fetchTopicOffsets('again')).toEqual([{ partition: 0, offset: '0', high: '0', low: '0' }])
  await client.send({ topic: 'again', messages: [{ value: 'new' }] })
  const next = await consumer(started, 'again', { groupId: 'readers' })
  await next.until(() => next.seen.length === 1)
  expect(next.seen.map(({ offset, value }) => [offset, `${value}`])).toEqual([['0', 'new']])
})

test('a time is found at its first record, in whichever batch and codec it is', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const tool = await admin(started)
  const client = await producer(started)
  const at = (...times: number[]) => times.map((time) => ({ value: `${time}`, timestamp: `${time}` }))
  await client.send({ topic: 'timed', messages: at(1000, 2000, 3000) })
  await client.send({ topic: 'timed', messages: at(2500, 500), compression: 1 })
  await client.send({ topic: 'timed', messages: at(4000, 5000, 6000), compression: 1 })
  const offsetAt = async (time: number) => (await tool.fetchTopicOffsetsByTimestamp('timed', time))[0]?.offset
  expect(await offsetAt(0)).toBe('0')
  expect(await offsetAt(1001)).toBe('1')
  expect(await offsetAt(3000)).toBe('2')
  expect(await offsetAt(3001)).toBe('5')
  expect(await offsetAt(5001)).toBe('7')
  expect(await offsetAt(6001)).toBe('8')
  await tool.deleteTopicRecords({ topic: 'timed', partitions: [{ partition: 0, offset: '3' }] })
  expect(await offsetAt(2600)).toBe('5')
  const [{ low, high } = { low: '', high: '' }] = await tool.fetchTopicOffsets('timed')
  expect([low, high]).toEqual(['3', '8'])
})

test('a reader beyond the end, or before the start, is told so and goes on from the start', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const tool = await admin(started)
  const client = await producer(started)
  for (const value of ['a', 'b', 'c']) await client.send({ topic: 'cut', messages: [{ value }] })
  await tool.fetchTopicOffsets('cut') // kafkajs deletes records only of a topic that it has met
  await tool.deleteTopicRecords({ topic: 'cut', partitions: [{ partition: 0, offset: '2' }] })
  for (const offset of ['0', '99']) {
    const reader = closing(kafka(started).consumer({ groupId: `from-${offset}`, maxWaitTimeInMs: 50 }), (one) =>
      one.disconnect(),
    )
    await reader.connect()
    await reader.subscribe({ topic: 'cut', fromBeginning: true })
    const first = new Promise<string>((resolve) => {
      void reader.run({ eachMessage: async ({ message }) => resolve(`${message.offset} ${message.value}`) })
    })
    reader.seek({ topic: 'cut', partition: 0, offset })
    expect(await first).toBe('2 c')
  }
})

/** Metadata version 12, the compact form: the only answer that carries the topic id. */
async function topicId(started: Parameters<typeof rawClient>[0], topic: string): Promise<string> {
  const client = await rawClient(started)
  client.send(
    3,
    12,
    1,
    (writer) => {
      writer.array([topic], (name) => writer.uuid('0'.repeat(32)).string(name).tags())
      writer.boolean(false).boolean(false).tags()
    },
    true,
  )
  const { body } = await client.answer(true)
  body.tags()
  body.int32()
  body.array((item) => [item.int32(), item.string(), item.int32(), item.nullableString(), item.tags()])
  body.nullableString()
  body.int32()
  const ids = body.array(readTopic)
  await client.end()
  expect(ids.map(({ name }) => name)).toEqual([topic])
  return ids[0]?.id ?? ''
}

function readTopic(reader: Reader) {
  expect(reader.int16()).toBe(0)
  const name = reader.nullableString()
  const id = reader.uuid()
  reader.boolean()
  reader.array((item) => {
    item.int16()
    for (let field = 0; field < 3; field++) item.int32()
    for (let list = 0; list < 3; list++) item.array((one) => one.int32())
    item.tags()
  })
  reader.int32()
  reader.tags()
  return { name, id }
}
