import { expect, test } from 'vitest'
import { admin, broker, consumer, producer } from './kafkajs.fixture.js'
import { type RawClient, rawClient } from './raw-client.fixture.js'
import { code } from './wire/codes.js'

const [listOffsets, offsetCommit, offsetDelete, describeCluster] = [2, 8, 47, 60]

/** ListOffsets version 7, of partition 0. */
async function offsetAt(client: RawClient, topic: string, time: bigint, isolationLevel = 0) {
  client.send(
    listOffsets,
    7,
    1,
    (writer) => {
      writer.int32(-1).int8(isolationLevel)
      writer.array([topic], () => {
        writer.string(topic)
        writer.array([0], (partition) => writer.int32(partition).int32(-1).int64(time).tags())
        writer.tags()
      })
      writer.tags()
    },
    true,
  )
  const { body } = await client.answer(true)
  body.tags()
  body.int32()
  const [found] = body.array((item) => {
    item.string()
    return item.array((one) => {
      const [, error, timestamp, offset] = [one.int32(), one.int16(), one.int64(), one.int64()]
      one.int32()
      one.tags()
      return { error, timestamp, offset }
    })
  })
  return found?.[0]
}

test('the newest record is found by its timestamp, whatever came after it', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const client = await producer(started)
  const at = (...times: number[]) => times.map((time) => ({ value: `${time}`, timestamp: `${time}` }))
  await client.send({ topic: 'timed', messages: at(1000, 9000, 3000) })
  await client.send({ topic: 'timed', messages: at(2000, 4000), compression: 1 })
  const raw = await rawClient(started)
  expect(await offsetAt(raw, 'timed', -3n)).toEqual({ error: 0, timestamp: 9000n, offset: 1n })
  expect(await offsetAt(raw, 'timed', -1n)).toEqual({ error: 0, timestamp: -1n, offset: 5n })
  expect(await offsetAt(raw, 'timed', -2n)).toEqual({ error: 0, timestamp: -1n, offset: 0n })
  await raw.end()
})

test('for a reader of committed records a partition ends where the first undecided transaction begins', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const plain = await producer(started)
  await plain.send({ topic: 'open', messages: [{ value: 'a', timestamp: '1000' }] })
  const client = await producer(started, { transactionalId: 'mine', idempotent: true, maxInFlightRequests: 1 })
  const transaction = await client.transaction()
  await transaction.send({ topic: 'open', messages: [{ value: 'b', timestamp: '2000' }] })
  const raw = await rawClient(started)
  expect(await offsetAt(raw, 'open', -1n, 1)).toMatchObject({ offset: 1n })
  expect(await offsetAt(raw, 'open', -1n, 0)).toMatchObject({ offset: 2n })
  expect(await offsetAt(raw, 'open', 2000n, 1)).toMatchObject({ offset: -1n })
  expect(await offsetAt(raw, 'open', 2000n, 0)).toMatchObject({ offset: 1n })
  await transaction.commit()
  expect(await offsetAt(raw, 'open', -1n, 1)).toMatchObject({ offset: 3n })
  await raw.end()
})

test('single offsets of a group are deleted, but not those of topics that its members read [R-22]', async () => {
  const started = await broker({ defaultPartitions: 2 })
  const tool = await admin(started)
  const client = await producer(started)
  for (const topic of ['read', 'left']) await client.send({ topic, messages: [{ value: 'a', partition: 0 }] })
  const raw = await rawClient(started)
  raw.send(offsetCommit, 5, 1, (writer) => {
    writer.string('readers').int32(-1).string('')
    writer.array(['left'], (topic) => {
      writer.string(topic).array([0, 1], (partition) => writer.int32(partition).int64(1).string(null))
    })
  })
  await raw.answer()
  const reading = await consumer(started, 'read', { groupId: 'readers' })
  await reading.until(() => reading.partitions().length === 2)
  const remove = async (groupId: string, topic: string, partition: number) => {
    raw.send(offsetDelete, 0, 1, (writer) => {
      writer.string(groupId).array([topic], () => writer.string(topic).int32s([partition]))
    })
    const { body } = await raw.answer()
    const error = body.int16()
    body.int32()
    const topics = body.array((item) => [item.string(), item.array((one) => [one.int32(), one.int16()])] as const)
    return [error, topics[0]?.[1][0]?.[1]]
  }
  expect(await remove('nobody', 'left', 0)).toEqual([code.groupIdNotFound, undefined])
  expect(await remove('readers', 'absent', 0)).toEqual([code.none, code.unknownTopicOrPartition])
  expect(await remove('readers', 'read', 0)).toEqual([code.none, code.groupSubscribedToTopic])
  expect(await remove('readers', 'left', 0)).toEqual([code.none, code.none])
  await raw.end()
  const [left] = await tool.fetchOffsets({ groupId: 'readers', topics: ['left'] })
  expect(left?.partitions.map(({ offset }) => offset)).toEqual(['-1', '1'])
})

test('the cluster is described as this one broker', async () => {
  const started = await broker()
  const raw = await rawClient(started)
  raw.send(describeCluster, 1, 1, (writer) => writer.boolean(false).int8(1).tags(), true)
  const { body } = await raw.answer(true)
  body.tags()
  body.int32()
  expect([body.int16(), body.nullableString(), body.int8()]).toEqual([code.none, null, 1])
  const [clusterId, controller] = [body.string(), body.int32()]
  const node = body.array((item) => [item.int32(), item.string(), item.int32(), item.nullableString(), item.tags()])
  expect([controller, node[0]?.slice(0, 4)]).toEqual([1, [1, '127.0.0.1', started.port, null]])
  expect((await (await admin(started)).describeCluster()).clusterId).toBe(clusterId)
  await raw.end()
})
