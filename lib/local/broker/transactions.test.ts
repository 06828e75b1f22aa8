import { expect, test } from 'vitest'
import { admin, broker, consumer, kafka, producer } from './kafkajs.fixture.js'

const transactional = (transactionalId: string, transactionTimeout = 60_000) =>
  ({ transactionalId, transactionTimeout, idempotent: true, maxInFlightRequests: 1 }) as const

const values = (reading: { seen: readonly { value: Buffer | null }[] }) => reading.seen.map(({ value }) => `${value}`)

test('what a transaction wrote is read once it is committed, and never if it is aborted', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const client = await producer(started, transactional('mine'))
  const kept = await client.transaction()
  await kept.send({ topic: 'paid', messages: [{ value: 'a' }, { value: 'b' }] })
  await kept.commit()
  const dropped = await client.transaction()
  await dropped.send({ topic: 'paid', messages: [{ value: 'x' }, { value: 'y' }] })
  await dropped.abort()
  const last = await client.transaction()
  await last.send({ topic: 'paid', messages: [{ value: 'c' }] })
  await last.commit()

  const careful = await consumer(started, 'paid', { groupId: 'careful' })
  const careless = await consumer(started, 'paid', { groupId: 'careless', readUncommitted: true })
  await Promise.all([careful.until(() => careful.seen.length === 3), careless.until(() => careless.seen.length === 5)])
  expect(values(careful)).toEqual(['a', 'b', 'c'])
  expect(values(careless)).toEqual(['a', 'b', 'x', 'y', 'c'])
  // Each end takes an offset of its own.
  expect(careful.seen.map(({ offset }) => offset)).toEqual(['0', '1', '6'])
})

test('a reader of committed records waits at the first one that is undecided, whoever wrote what comes after it', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const other = await producer(started)
  await other.send({ topic: 'held', messages: [{ value: 'before' }] })
  const client = await producer(started, transactional('mine'))
  const open = await client.transaction()
  await open.send({ topic: 'held', messages: [{ value: 'undecided' }] })
  await other.send({ topic: 'held', messages: [{ value: 'after' }] })

  const careless = await consumer(started, 'held', { groupId: 'careless', readUncommitted: true })
  const careful = await consumer(started, 'held', { groupId: 'careful' })
  await careless.until(() => careless.seen.length === 3)
  await careful.until(() => careful.seen.length === 1)
  expect(values(careful)).toEqual(['before'])
  await open.commit()
  await careful.until(() => careful.seen.length === 3)
  expect(values(careful)).toEqual(['before', 'undecided', 'after'])
})

test('offsets sent in a transaction are those of the group once it is committed, not before, and never if it is aborted', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const tool = await admin(started)
  await tool.createTopics({ topics: [{ topic: 'in' }] })
  const client = await producer(started, transactional('mine'))
  const committed = async () => {
    const [topic] = await tool.fetchOffsets({ groupId: 'readers', topics: ['in'] })
    return topic?.partitions.map(({ offset }) => offset)
  }
  const begin = async (offset: string) => {
    const transaction = await client.transaction()
    await transaction.send({ topic: 'out', messages: [{ value: 'a' }] })
    const topics = [{ topic: 'in', partitions: [{ partition: 0, offset }] }]
    await transaction.sendOffsets({ consumerGroupId: 'readers', topics })
    return transaction
  }
  const kept = await begin('5')
  expect(await committed()).toEqual(['-1'])
  await kept.commit()
  expect(await committed()).toEqual(['5'])
  await (await begin('9')).abort()
  expect(await committed()).toEqual(['5'])
})

test('a second producer with the same transactional id aborts what the first has begun, and the first can write no more', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const first = await producer(started, transactional('mine'))
  const begun = await first.transaction()
  await begun.send({ topic: 'fenced', messages: [{ value: 'lost' }] })

  const second = await producer(started, transactional('mine'))
  const taken = await second.transaction()
  await expect(begun.send({ topic: 'fenced', messages: [{ value: 'late' }] })).rejects.toMatchObject({
    type: 'INVALID_PRODUCER_EPOCH',
  })
  await expect(begun.commit()).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' })
  await taken.send({ topic: 'fenced', messages: [{ value: 'kept' }] })
  await taken.commit()
  const reading = await consumer(started, 'fenced')
  await reading.until(() => reading.seen.length === 1)
  expect(values(reading)).toEqual(['kept'])
})

test('a transaction that takes longer than it said is aborted, and its producer can write no more', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const slow = await producer(started, transactional('slow', 50))
  const begun = await slow.transaction()
  await begun.send({ topic: 'slow', messages: [{ value: 'lost' }] })
  await (await producer(started)).send({ topic: 'slow', messages: [{ value: 'next' }] })
  const reading = await consumer(started, 'slow')
  await reading.until(() => reading.seen.length === 1)
  expect(values(reading)).toEqual(['next'])
  await expect(begun.commit()).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' })
})

test('a thousand records in a transaction over four partitions, read in the group of the next step, are moved once', async () => {
  const started = await broker({ defaultPartitions: 4 })
  const messages = Array.from({ length: 1000 }, (_, n) => ({ key: `${n % 50}`, value: `${n}` }))
  await (await producer(started)).send({ topic: 'source', messages })
  const writer = await producer(started, transactional('mover'))
  const mover = kafka(started).consumer({ groupId: 'mover', maxWaitTimeInMs: 50 })
  await mover.connect()
  await mover.subscribe({ topic: 'source', fromBeginning: true })
  let failures = 0
  await mover.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 1,
    eachBatch: async ({ batch: { topic, partition, messages }, resolveOffset, isRunning }) => {
      if (!isRunning()) return
      const transaction = await writer.transaction()
      await transaction.send({ topic: 'target', messages: messages.map(({ key, value }) => ({ key, value })) })
      if (failures++ < 2) {
        await transaction.abort()
        throw new Error('the first two attempts fail')
      }
      const offset = String(Number(messages.at(-1)?.offset) + 1)
      const topics = [{ topic, partitions: [{ partition, offset }] }]
      await transaction.sendOffsets({ consumerGroupId: 'mover', topics })
      await transaction.commit()
      resolveOffset(messages.at(-1)?.offset ?? '0')
    },
  })
  const reading = await consumer(started, 'target')
  await reading.until(() => reading.seen.length >= 1000)
  await mover.disconnect()
  expect(
    values(reading)
      .map(Number)
      .sort((one, other) => one - other),
  ).toEqual(messages.map((_, n) => n))
  const [offsets] = await (await admin(started)).fetchOffsets({ groupId: 'mover', topics: ['source'] })
  const total = offsets?.partitions.reduce((sum, { offset }) => sum + Number(offset), 0)
  expect(total).toBe(1000)
})
