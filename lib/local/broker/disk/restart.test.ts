import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { startBroker } from '../index.js'
import { admin, broker, consumer, producer } from '../kafkajs.fixture.js'
import { batch } from '../log/batch.fixture.js'
import { PartitionLog } from '../log/partition.js'
import { code } from '../wire/codes.js'
import { commitOffset } from './commit.fixture.js'
import { copyOf, folder, opened } from './folder.fixture.js'

test('a broker on the directory of one that died is the same cluster, with its topics, records, starts and offsets', async () => {
  const dataDir = folder()
  const first = await broker({ dataDir, defaultPartitions: 2 })
  const manage = await admin(first)
  const send = await producer(first)
  await send.send({
    topic: 'orders',
    messages: Array.from({ length: 20 }, (_, n) => ({ partition: 0, value: `v${n}` })),
  })
  await send.send({ topic: 'orders', messages: [{ partition: 1, value: 'other', headers: { h: 'x' } }] })
  await manage.createPartitions({ topicPartitions: [{ topic: 'orders', count: 3 }] })
  await manage.deleteTopicRecords({ topic: 'orders', partitions: [{ partition: 1, offset: '1' }] })
  await send.send({ topic: 'gone', messages: [{ value: 'a' }] })
  await commitOffset(first.port, { group: 'readers', topic: 'orders', partition: 0, offset: 7 })
  await commitOffset(first.port, { group: 'readers', topic: 'gone', partition: 0, offset: 1 })
  await commitOffset(first.port, { group: 'deleted', topic: 'orders', partition: 0, offset: 1 })
  await manage.deleteGroups(['deleted'])
  await manage.deleteTopics({ topics: ['gone'] })
  const before = await manage.describeCluster()

  const second = await broker({ dataDir: copyOf(dataDir) })
  const again = await admin(second)
  expect((await again.describeCluster()).clusterId).toBe(before.clusterId)
  expect(await again.listTopics()).toEqual(['orders'])
  expect(await again.fetchTopicOffsets('orders')).toMatchObject([
    { partition: 0, low: '0', high: '20' },
    { partition: 1, low: '1', high: '1' },
    { partition: 2, low: '0', high: '0' },
  ])
  expect((await again.listGroups()).groups.map(({ groupId }) => groupId)).toEqual(['readers'])
  const reading = await consumer(second, 'orders', { groupId: 'readers' })
  await reading.until(() => reading.seen.length === 13)
  expect(reading.seen.map(({ value }) => String(value))).toEqual(Array.from({ length: 13 }, (_, n) => `v${n + 7}`))
})

test('a start that fails gives the directory back', async () => {
  const dataDir = folder()
  const running = await broker({ dataDir })
  await expect(startBroker({ dataDir })).rejects.toMatchObject({ code: 'ML_LOCAL_DATA_IN_USE' })
  const other = folder()
  await expect(startBroker({ dataDir: other, port: running.port })).rejects.toMatchObject({
    code: 'ML_LOCAL_PORT_IN_USE',
  })
  await running.stop()
  await broker({ dataDir })
  await broker({ dataDir: other })
})

test('a start that fails leaves nothing behind that would act on the directory later', async () => {
  const dataDir = folder()
  const storage = opened(dataDir)
  const nothing = { partitions: [], groups: [], offsets: [] }
  const begun = { producerId: '1', epoch: 0, lastEpoch: -1, timeoutMs: 1000, status: 'Ongoing', startedAt: 0 }
  storage.facts.set('transaction', 'mine', { ...begun, ...nothing })
  storage.close()
  const { port } = await broker()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    await expect(startBroker({ dataDir, port })).rejects.toMatchObject({ code: 'ML_LOCAL_PORT_IN_USE' })
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

test('a directory that cannot be used is refused by its code', async () => {
  await expect(startBroker({ dataDir: '' })).rejects.toMatchObject({ code: 'ML_OPTION_INVALID' })
  const dataDir = folder()
  writeFileSync(join(dataDir, 'journal'), 'something else\n')
  await expect(startBroker({ dataDir })).rejects.toMatchObject({ code: 'ML_LOCAL_DATA_CORRUPT' })
})

test('a transaction that was open when the broker died holds readers up until its producer comes back, and is aborted then', async () => {
  const dataDir = folder()
  const config = { transactionalId: 'mine', idempotent: true, maxInFlightRequests: 1 } as const
  const first = await broker({ dataDir, defaultPartitions: 1 })
  const writer = await producer(first, config)
  const done = await writer.transaction()
  await done.send({ topic: 'paid', messages: [{ value: 'committed' }] })
  await done.commit()
  const dropped = await writer.transaction()
  await dropped.send({ topic: 'paid', messages: [{ value: 'aborted' }] })
  await dropped.abort()
  const open = await writer.transaction()
  await open.send({ topic: 'paid', messages: [{ value: 'undecided' }] })
  await open.sendOffsets({
    consumerGroupId: 'g',
    topics: [{ topic: 'paid', partitions: [{ partition: 0, offset: '1' }] }],
  })

  const second = await broker({ dataDir: copyOf(dataDir) })
  const other = await producer(second)
  await other.send({ topic: 'paid', messages: [{ value: 'later' }] })
  const careful = await consumer(second, 'paid', { groupId: 'careful' })
  const careless = await consumer(second, 'paid', { groupId: 'careless', readUncommitted: true })
  await careless.until(() => careless.seen.length === 4)
  expect(careful.seen.map(({ value }) => String(value))).toEqual(['committed'])
  const again = await producer(second, config)
  const next = await again.transaction()
  await next.send({ topic: 'paid', messages: [{ value: 'next' }] })
  await next.commit()
  await careful.until(() => careful.seen.length === 3)
  expect(careful.seen.map(({ value }) => String(value))).toEqual(['committed', 'later', 'next'])
  const [offsets] = await (await admin(second)).fetchOffsets({ groupId: 'g', topics: ['paid'] })
  expect(offsets?.partitions).toMatchObject([{ offset: '-1' }])
})

test('a repeated batch is known again after a restart, and a batch out of order refused', () => {
  const path = folder()
  const sent = (sequence: number) => batch({ producerId: 7n, epoch: 0, sequence, count: 2 })
  const first = opened(path)
  first.facts.set('topic', 'name', { id: 'topic', partitions: 1, overrides: {} })
  const log = new PartitionLog(first.shelf('topic', 0))
  expect([log.append(sent(0), 0), log.append(sent(2), 0)]).toMatchObject([{ baseOffset: 0 }, { baseOffset: 2 }])
  first.close()
  const again = new PartitionLog(opened(path).shelf('topic', 0))
  expect(again.append(sent(2), 0)).toMatchObject({ baseOffset: 2 })
  expect(again.append(sent(8), 0)).toEqual({ refused: code.outOfOrderSequence })
  expect(again.append(sent(4), 0)).toMatchObject({ baseOffset: 4 })
  expect(again.endOffset).toBe(6)
})
