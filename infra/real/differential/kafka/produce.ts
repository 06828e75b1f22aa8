import { CompressionTypes, type Message } from 'kafkajs'
import { attempt, type Case } from '../case.js'
import { batchOf, contents, inOrder, record, someTime } from './requests.js'
import type { KafkaSide } from './side.js'

const odd: readonly Message[] = [
  { key: 'k', value: 'plain', timestamp: '1700000000000' },
  { key: null, value: 'no key', timestamp: '1700000000001' },
  { key: 'gone', value: null, timestamp: '1700000000002' },
  { key: '', value: '', timestamp: '1700000000003' },
  { key: Buffer.from([0, 255, 254]), value: Buffer.from([0, 159, 146, 150]), timestamp: '1700000000004' },
  { key: 'h', value: 'headers', headers: { a: 'one', b: ['two', 'three'], c: '' }, timestamp: '1700000000005' },
  { key: 'ö', value: 'ünïcode ✓', timestamp: '1700000000000' },
]

async function sent(side: KafkaSide, options: { acks: number; compression?: CompressionTypes }) {
  const topic = await side.topic()
  const producer = side.closing(side.kafka.producer(), (one) => one.disconnect())
  await producer.connect()
  const answer = await producer.send({ topic, messages: [...odd], ...options })
  const wire = await side.wire()
  // Of acks 0 nobody tells when it is done.
  for (let tries = 0; tries < 100; tries++) {
    const [{ high = '' } = {}] = await side.admin.fetchTopicOffsets(topic)
    if (Number(high) === odd.length) break
  }
  return { answer, contents: await contents(wire, topic) }
}

/** Appending records. */
export const produceCases: readonly Case<KafkaSide>[] = [
  { id: 'produce: acks 1', run: (side) => sent(side, { acks: 1 }) },
  { id: 'produce: acks 0', run: (side) => sent(side, { acks: 0 }) },
  { id: 'produce: acks all', run: (side) => sent(side, { acks: -1 }) },
  { id: 'produce: gzip', run: (side) => sent(side, { acks: -1, compression: CompressionTypes.GZIP }) },
  {
    id: 'produce: every version',
    async run({ topic, wire }) {
      const name = await topic()
      const client = await wire()
      const answers = []
      for (const version of [3, 4, 5, 6, 7]) {
        const topicData = batchOf(name, [record(`by version ${version}`)])
        answers.push(await client.ask('Produce', version, { acks: -1, timeout: 5_000, topicData }))
      }
      return { answers, contents: await contents(client, name) }
    },
  },
  {
    id: 'produce: acks that are none',
    async run({ topic, wire }) {
      const name = await topic()
      const client = await wire()
      const topicData = batchOf(name, [record('a')])
      return {
        two: await client.ask('Produce', 7, { acks: 2, timeout: 5_000, topicData }),
        minusTwo: await client.ask('Produce', 7, { acks: -2, timeout: 5_000, topicData }),
        contents: await contents(client, name),
      }
    },
  },
  {
    id: 'produce: to topics and partitions that are not there',
    async run({ topic, name, wire }) {
      const known = await topic()
      const client = await wire()
      const [mixed] = batchOf(known, [record('b')])
      return {
        topic: await client.ask('Produce', 7, {
          acks: 1,
          timeout: 5_000,
          topicData: batchOf(`${name}-absent`, [record('a')]),
        }),
        partition: await client.ask('Produce', 7, {
          acks: 1,
          timeout: 5_000,
          topicData: batchOf(known, [record('a')], 7),
        }),
        negative: await client.ask('Produce', 7, {
          acks: 1,
          timeout: 5_000,
          topicData: batchOf(known, [record('a')], -1),
        }),
        mixed: await client.ask('Produce', 7, {
          acks: 1,
          timeout: 5_000,
          topicData: [
            {
              topic: known,
              partitions: [...(mixed?.partitions ?? []), { partition: 3, firstSequence: 0, messages: [record('c')] }],
            },
          ],
        }),
        nothing: await client.ask('Produce', 7, { acks: 1, timeout: 5_000, topicData: [] }),
      }
    },
  },
  {
    id: 'produce: too large a message',
    async run({ topic, wire, kafka, closing }) {
      const name = await topic()
      const client = await wire()
      const large = Buffer.alloc(1_200_000, 'x')
      const producer = closing(kafka.producer({ retry: { retries: 0 } }), (one) => one.disconnect())
      await producer.connect()
      return {
        wire: await client.ask('Produce', 7, { acks: -1, timeout: 5_000, topicData: batchOf(name, [record(large)]) }),
        kafkajs: await attempt(() => producer.send({ topic: name, messages: [{ value: large }] })),
        fits: await client.ask('Produce', 7, {
          acks: -1,
          timeout: 5_000,
          topicData: batchOf(name, [record(Buffer.alloc(900_000))]),
        }),
      }
    },
  },
  {
    id: 'produce: a topic’s own limit of the message size',
    async run({ name, admin, wire }) {
      const configEntries = [{ name: 'max.message.bytes', value: '500' }]
      await admin.createTopics({ topics: [{ topic: name, numPartitions: 1, configEntries }], waitForLeaders: true })
      const client = await wire()
      return {
        large: await client.ask('Produce', 7, {
          acks: -1,
          timeout: 5_000,
          topicData: batchOf(name, [record('x'.repeat(600))]),
        }),
        small: await client.ask('Produce', 7, {
          acks: -1,
          timeout: 5_000,
          topicData: batchOf(name, [record('x'.repeat(100))]),
        }),
      }
    },
  },
  {
    id: 'produce: a tombstone without a key on a compacted topic',
    async run({ name, admin, wire }) {
      const configEntries = [{ name: 'cleanup.policy', value: 'compact' }]
      await admin.createTopics({ topics: [{ topic: name, numPartitions: 1, configEntries }], waitForLeaders: true })
      const client = await wire()
      return {
        keyless: await client.ask('Produce', 7, { acks: -1, timeout: 5_000, topicData: batchOf(name, [record('a')]) }),
        keyed: await client.ask('Produce', 7, {
          acks: -1,
          timeout: 5_000,
          topicData: batchOf(name, [record('a', { key: 'k' })]),
        }),
      }
    },
  },
  {
    id: 'produce: timestamps far from now',
    async run({ topic, wire }) {
      const name = await topic()
      const client = await wire()
      const produce = (timestamp: number) =>
        client.ask('Produce', 7, { acks: -1, timeout: 5_000, topicData: batchOf(name, [record('a', { timestamp })]) })
      return { past: await produce(1), future: await produce(4_000_000_000_000) }
    },
  },
  {
    id: 'produce: the time of appending',
    async run({ name, admin, wire }) {
      const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
      await admin.createTopics({ topics: [{ topic: name, numPartitions: 1, configEntries }], waitForLeaders: true })
      const client = await wire()
      const answer = JSON.stringify(
        await client.ask('Produce', 7, { acks: -1, timeout: 5_000, topicData: batchOf(name, [record('a')]) }),
      )
      return {
        isNow: !answer.includes('"logAppendTime":"-1"'),
        kept: JSON.stringify(await contents(client, name)).includes(String(someTime)),
      }
    },
  },
  {
    id: 'produce: keys choose partitions as kafkajs does',
    async run({ topic, kafka, closing, admin }) {
      const name = await topic(6)
      const producer = closing(kafka.producer(), (one) => one.disconnect())
      await producer.connect()
      const keys = Array.from({ length: 40 }, (_, i) => `key-${i}`)
      await producer.send({ topic: name, messages: keys.map((key) => ({ key, value: key })) })
      return inOrder(await admin.fetchTopicOffsets(name))
    },
  },
]
