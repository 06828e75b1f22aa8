import { ConfigResourceTypes } from 'kafkajs'
import { expect, test } from 'vitest'
import { admin, broker, consumer, producer } from './kafkajs.fixture.js'
import { rawClient } from './raw-client.fixture.js'
import { code } from './wire/codes.js'

const topicType = 2
const incrementalAlterConfigs = 44
const [set, takeBack, add] = [0, 1, 2]

const resource = (name: string, names?: string[]) => ({
  type: ConfigResourceTypes.TOPIC,
  name,
  ...(names && { configNames: names }),
})

async function settingsOf(tool: Awaited<ReturnType<typeof admin>>, topic: string) {
  const { resources } = await tool.describeConfigs({ resources: [resource(topic)], includeSynonyms: true })
  return Object.fromEntries(
    resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]) ?? [],
  )
}

test('settings of a topic are described with where they come from, and replaced as a whole [R-22]', async () => {
  const started = await broker()
  const tool = await admin(started)
  const configEntries = [{ name: 'retention.bytes', value: '5000' }]
  await tool.createTopics({ topics: [{ topic: 'set', configEntries }] })
  const one = { resources: [resource('set', ['retention.bytes'])], includeSynonyms: true }
  const { resources } = await tool.describeConfigs(one)
  expect(resources[0]?.configEntries).toMatchObject([
    {
      configName: 'retention.bytes',
      configValue: '5000',
      configSource: 1,
      readOnly: false,
      configSynonyms: [
        { configName: 'retention.bytes', configValue: '5000', configSource: 1 },
        { configName: 'log.retention.bytes', configValue: '-1', configSource: 5 },
      ],
    },
  ])
  const replace = { ...resource('set'), configEntries: [{ name: 'retention.ms', value: '1000' }] }
  await tool.alterConfigs({ validateOnly: true, resources: [replace] })
  expect(await settingsOf(tool, 'set')).toMatchObject({ 'retention.bytes': '5000', 'retention.ms': '-1' })
  await tool.alterConfigs({ validateOnly: false, resources: [replace] })
  expect(await settingsOf(tool, 'set')).toEqual({
    'cleanup.policy': 'delete',
    'compression.type': 'producer',
    'max.message.bytes': '1048588',
    'message.timestamp.after.max.ms': '3600000',
    'message.timestamp.type': 'CreateTime',
    'min.insync.replicas': '1',
    'retention.bytes': '-1',
    'retention.ms': '1000',
  })
  await expect(tool.describeConfigs({ resources: [resource('absent')], includeSynonyms: false })).rejects.toThrow()
})

test('the broker tells the settings that it runs with, which only its start can give', async () => {
  const started = await broker({ autoCreateTopics: false, defaultPartitions: 7, minSessionMs: 100 })
  const tool = await admin(started)
  const itself = { type: ConfigResourceTypes.BROKER, name: '1' }
  const { resources } = await tool.describeConfigs({ resources: [itself], includeSynonyms: false })
  const values = resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue])
  expect(Object.fromEntries(values ?? [])).toMatchObject({
    'auto.create.topics.enable': 'false',
    'group.min.session.timeout.ms': '100',
    'num.partitions': '7',
    'message.max.bytes': '1048588',
    'transaction.max.timeout.ms': '900000',
  })
  const change = { ...itself, configEntries: [{ name: 'num.partitions', value: '2' }] }
  await expect(tool.alterConfigs({ validateOnly: false, resources: [change] })).rejects.toThrow()
})

test('a setting that cannot be honoured is refused, and one that means nothing here is told in the log', async () => {
  const lines: string[] = []
  const started = await broker({ log: (line) => lines.push(line) })
  const tool = await admin(started)
  const create = (name: string, value: string) =>
    tool.createTopics({ topics: [{ topic: 'refused', configEntries: [{ name, value }] }] }).then(
      () => 'created',
      (error) => error.errors?.[0]?.type ?? error.type,
    )
  expect(await create('cleanup.policy', 'compact')).toBe('INVALID_CONFIG')
  expect(await create('retention.ms', 'long')).toBe('INVALID_CONFIG')
  expect(await create('retention.byte', '1')).toBe('INVALID_CONFIG')
  expect(await create('message.timestamp.type', 'Whenever')).toBe('INVALID_CONFIG')
  expect(await tool.listTopics()).toEqual([])
  expect(await create('segment.bytes', '1000')).toBe('created')
  expect(lines).toEqual(['topic refused: this broker does not apply segment.bytes'])
})

test('settings are set and taken back one by one', async () => {
  const started = await broker()
  const tool = await admin(started)
  await tool.createTopics({ topics: [{ topic: 'one', configEntries: [{ name: 'retention.ms', value: '7000' }] }] })
  const client = await rawClient(started)
  const alter = async (name: string, operation: number, value: string | null, topic = 'one') => {
    client.send(
      incrementalAlterConfigs,
      1,
      1,
      (writer) => {
        writer.array([topic], () => {
          writer.int8(topicType).string(topic)
          writer.array([name], () => writer.string(name).int8(operation).string(value).tags())
          writer.tags()
        })
        writer.boolean(false).tags()
      },
      true,
    )
    const { body } = await client.answer(true)
    body.tags()
    body.int32()
    return body.array((item) => [item.int16(), item.nullableString(), item.int8(), item.string(), item.tags()][0])
  }
  expect(await alter('retention.bytes', set, '9000')).toEqual([code.none])
  expect(await settingsOf(tool, 'one')).toMatchObject({ 'retention.bytes': '9000', 'retention.ms': '7000' })
  expect(await alter('retention.ms', takeBack, null)).toEqual([code.none])
  expect(await settingsOf(tool, 'one')).toMatchObject({ 'retention.bytes': '9000', 'retention.ms': '-1' })
  expect(await alter('cleanup.policy', add, 'compact')).toEqual([code.invalidConfig])
  expect(await alter('retention.ms', add, '5')).toEqual([code.invalidConfig])
  for (const unknown of [-1, 4]) expect(await alter('retention.ms', unknown, '5')).toEqual([code.unknownServerError])
  expect(await alter('retention.ms', set, '5', 'absent')).toEqual([code.unknownTopicOrPartition])
  await client.end()
})

test('a topic keeps no more bytes than it may, and a reader of what is gone is told so and goes on at the start', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const tool = await admin(started)
  await tool.createTopics({ topics: [{ topic: 'short', configEntries: [{ name: 'retention.bytes', value: '2000' }] }] })
  const client = await producer(started)
  for (let n = 0; n < 10; n++) await client.send({ topic: 'short', messages: [{ value: 'x'.repeat(900) }] })
  const low = async () => Number((await tool.fetchTopicOffsets('short'))[0]?.low)
  while ((await low()) === 0); // it is looked at once a second
  expect(await low()).toBe(7)
  const reading = await consumer(started, 'short')
  await reading.until(() => reading.seen.length === 3)
  expect(reading.seen.map(({ offset }) => offset)).toEqual(['7', '8', '9'])
})

test('records of a topic with the broker’s time carry it, whatever their producer says, in any codec', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const tool = await admin(started)
  const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
  await tool.createTopics({ topics: [{ topic: 'stamped', configEntries }] })
  const client = await producer(started)
  const before = Date.now()
  const sent = []
  for (const compression of [0, 1]) {
    const messages = [
      { value: 'a', timestamp: '1000' },
      { value: 'b', timestamp: '2000' },
    ]
    sent.push(...(await client.send({ topic: 'stamped', compression, messages })))
  }
  const times = sent.map(({ logAppendTime }) => Number(logAppendTime))
  const reading = await consumer(started, 'stamped')
  await reading.until(() => reading.seen.length === 4)
  expect(reading.seen.map(({ timestamp }) => Number(timestamp))).toEqual([times[0], times[0], times[1], times[1]])
  for (const time of times) expect(time).toBeGreaterThanOrEqual(before)
  expect((await tool.fetchTopicOffsetsByTimestamp('stamped', before))[0]?.offset).toBe('0')
})
