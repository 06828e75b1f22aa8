import { expect, test } from 'vitest'
import { admin, broker, consumer, kafka, producer } from './kafkajs.fixture.js'
import { waiting } from './waiting.js'

const numbered = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) => ({ value: `${from + n}`, partition: n % 4 }))

test('two members share four partitions, and the one that stays takes them all when the other leaves', async () => {
  const started = await broker()
  const client = await producer(started)
  await client.send({ topic: 'shared', messages: numbered(40) })
  const one = await consumer(started, 'shared')
  await one.until(() => one.partitions().length === 4)
  const other = await consumer(started, 'shared')
  await Promise.all([one, other].map((each) => each.until(() => each.partitions().length === 2)))
  expect([...one.partitions(), ...other.partitions()].sort()).toEqual([0, 1, 2, 3])

  await other.stop()
  await one.until(() => one.partitions().length === 4)
  await client.send({ topic: 'shared', messages: numbered(40, 100) })
  await one.until(() => one.seen.filter(({ value }) => Number(value) >= 100).length === 40)
})

test('a member that falls silent loses its partitions after its session, and its group goes on from what it committed', async () => {
  const started = await broker({ defaultPartitions: 1, minSessionMs: 500 })
  const client = await producer(started)
  await client.send({ topic: 'silent', messages: [{ value: 'a' }, { value: 'b' }] })
  const dying = kafka(started).consumer({ groupId: 'mine', sessionTimeout: 500, heartbeatInterval: 400 })
  await dying.connect()
  await dying.subscribe({ topic: 'silent', fromBeginning: true })
  const stuck = waiting<void>()
  const reached = waiting<void>()
  await dying.run({
    autoCommit: false,
    eachMessage: async ({ topic, partition, message }) => {
      if (`${message.value}` === 'a') return dying.commitOffsets([{ topic, partition, offset: '1' }])
      reached.answer()
      await stuck.promise
    },
  })
  await reached.promise
  const heir = await consumer(started, 'silent', { groupId: 'mine' })
  await heir.until(() => heir.seen.length === 1)
  expect(`${heir.seen[0]?.value}`).toBe('b')
  stuck.answer()
  await dying.disconnect()
})

test('two groups read the same records, each at its own pace, and go on from their own offsets', async () => {
  const started = await broker()
  const client = await producer(started)
  await client.send({ topic: 'both', messages: numbered(20) })
  const first = await consumer(started, 'both', { groupId: 'first' })
  await first.until(() => first.seen.length === 20)
  await first.stop()
  await client.send({ topic: 'both', messages: numbered(4, 20) })
  const second = await consumer(started, 'both', { groupId: 'second' })
  await second.until(() => second.seen.length === 24)
  const again = await consumer(started, 'both', { groupId: 'first' })
  await again.until(() => again.seen.length === 4)
  expect(again.seen.map(({ value }) => Number(value)).sort()).toEqual([20, 21, 22, 23])
})

test('groups are listed, described, and deleted once they are empty', async () => {
  const started = await broker()
  const tool = await admin(started)
  await (await producer(started)).send({ topic: 'seen', messages: numbered(4) })
  const reading = await consumer(started, 'seen', { groupId: 'readers' })
  await reading.until(() => reading.seen.length === 4)
  expect(await tool.listGroups()).toEqual({ groups: [{ groupId: 'readers', protocolType: 'consumer' }] })
  const { groups } = await tool.describeGroups(['readers', 'nobody'])
  expect(groups.map(({ groupId, state }) => [groupId, state])).toEqual([
    ['readers', 'Stable'],
    ['nobody', 'Dead'],
  ])
  expect(groups[0]?.members.map(({ clientId, clientHost }) => [clientId, clientHost])).toEqual([['test', '/127.0.0.1']])
  await expect(tool.deleteGroups(['readers'])).rejects.toThrow()
  await reading.stop()
  const [committed] = await tool.fetchOffsets({ groupId: 'readers', topics: ['seen'] })
  expect(committed?.partitions.map(({ offset }) => offset)).toEqual(['1', '1', '1', '1'])
  await tool.deleteGroups(['readers'])
  expect(await tool.listGroups()).toEqual({ groups: [] })
})
