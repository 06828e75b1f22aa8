import { attempt, type Case } from '../case.js'
import { bothReadings, readingsAt, settledOffsets, stamped, transactional } from './producers.js'
import { batchOf, record } from './requests.js'
import type { KafkaSide } from './side.js'

/** Transactions, as clients make them. */
export const transactionCases: readonly Case<KafkaSide>[] = [
  {
    id: 'transactions: a commit by kafkajs',
    async run(side) {
      const topic = await side.topic()
      const client = await side.wire()
      const producer = await transactional(side)
      const transaction = await producer.transaction()
      const sent = await transaction.send({ topic, messages: [stamped('a'), stamped('b')] })
      const open = await bothReadings(client, topic)
      await transaction.commit()
      return { sent, open, committed: await readingsAt(client, topic, 3) }
    },
  },
  {
    id: 'transactions: an abort by kafkajs',
    async run(side) {
      const topic = await side.topic()
      const client = await side.wire()
      const producer = await transactional(side)
      const lost = await producer.transaction()
      await lost.send({ topic, messages: [stamped('lost')] })
      await lost.abort()
      const kept = await producer.transaction()
      await kept.send({ topic, messages: [stamped('kept')] })
      await kept.commit()
      return readingsAt(client, topic, 4)
    },
  },
  {
    id: 'transactions: what is behind an open one waits',
    async run(side) {
      const topic = await side.topic()
      const client = await side.wire()
      const producer = await transactional(side)
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [stamped('open')] })
      await client.ask('Produce', 7, { acks: -1, timeout: 5_000, topicData: batchOf(topic, [record('plain')]) })
      const before = await bothReadings(client, topic)
      await transaction.abort()
      return { before, after: await readingsAt(client, topic, 3) }
    },
  },
  {
    id: 'transactions: a consumer sees what is committed, and no markers',
    async run(side) {
      const topic = await side.topic()
      const producer = await transactional(side)
      for (const [value, ending] of [
        ['a', 'commit'],
        ['b', 'abort'],
        ['c', 'commit'],
      ] as const) {
        const transaction = await producer.transaction()
        await transaction.send({ topic, messages: [stamped(value)] })
        await transaction[ending]()
      }
      const consumer = side.closing(side.kafka.consumer({ groupId: side.name, readUncommitted: false }), (one) =>
        one.disconnect(),
      )
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      const seen: unknown[] = []
      await new Promise<void>((resolve) => {
        void consumer.run({
          eachMessage: async ({ message }) => {
            seen.push([message.offset, message.value?.toString()])
            if (message.value?.toString() === 'c') resolve()
          },
        })
      })
      return seen
    },
  },
  {
    id: 'transactions: a newcomer fences the old one',
    async run(side) {
      const topic = await side.topic()
      const old = await transactional(side)
      const transaction = await old.transaction()
      await transaction.send({ topic, messages: [stamped('old')] })
      const newcomer = await transactional(side)
      const late = await attempt(() => transaction.send({ topic, messages: [stamped('late')] }))
      const commit = await attempt(() => transaction.commit())
      const fresh = await newcomer.transaction()
      await fresh.send({ topic, messages: [stamped('new')] })
      await fresh.commit()
      return { late, commit, readings: await readingsAt(await side.wire(), topic, 4) }
    },
  },
  {
    id: 'transactions: offsets go with it',
    async run(side) {
      const topic = await side.topic()
      const { name: groupId, admin } = side
      const producer = await transactional(side)
      const send = async (offset: string, ending: 'commit' | 'abort') => {
        const transaction = await producer.transaction()
        await transaction.send({ topic, messages: [stamped(offset)] })
        await transaction.sendOffsets({
          consumerGroupId: groupId,
          topics: [{ topic, partitions: [{ partition: 0, offset }] }],
        })
        const before = await admin.fetchOffsets({ groupId, topics: [topic] })
        await transaction[ending]()
        return { before, after: await settledOffsets(side, topic) }
      }
      return { committed: await send('3', 'commit'), aborted: await send('9', 'abort') }
    },
  },
  {
    id: 'transactions: one that is left open is aborted by the next of its id',
    async run(side) {
      const topic = await side.topic()
      const client = await side.wire()
      const first = await transactional(side)
      const open = await first.transaction()
      await open.send({ topic, messages: [stamped('left open')] })
      await transactional(side)
      return readingsAt(client, topic, 2)
    },
  },
]
