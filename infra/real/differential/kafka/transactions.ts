import type { Producer } from 'kafkajs'
import { attempt, type Case } from '../case.js'
import { alone } from './groups.js'
import { batchOf, fetchFrom, record } from './produce.js'
import type { KafkaSide } from './side.js'
import type { Wire } from './wire.js'

interface Identity {
  readonly errorCode: number
  readonly producerId: string
  readonly producerEpoch: number
}

const identity = ({ ask }: Wire, transactionalId: string | null, transactionTimeout = 60_000) =>
  ask('InitProducerId', 1, { transactionalId, transactionTimeout }) as Promise<Identity>

/** One record of an idempotent producer, by its sequence number. */
const produce = (
  { ask }: Wire,
  topic: string,
  { producerId, producerEpoch }: Identity,
  firstSequence: number,
  { transactionalId = null as string | null, count = 1 } = {},
) => {
  const messages = Array.from({ length: count }, (_, i) => record(`sequence ${firstSequence + i}`))
  const topicData = [{ topic, partitions: [{ partition: 0, firstSequence, messages }] }]
  return ask('Produce', 7, { acks: -1, timeout: 5_000, transactionalId, producerId, producerEpoch, topicData })
}

async function transactional(side: KafkaSide, transactionalId = side.name): Promise<Producer> {
  const producer = side.kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 })
  await side.closing(producer, (one) => one.disconnect()).connect()
  return producer
}

/** What both kinds of readers see. */
const bothReadings = async (client: Wire, topic: string) => ({
  uncommitted: await client.ask('Fetch', 11, fetchFrom(topic, 0)),
  committed: await client.ask('Fetch', 11, fetchFrom(topic, 0, { isolationLevel: 1 })),
  latest: await client.ask('ListOffsets', 3, {
    isolationLevel: 1,
    topics: [{ topic, partitions: [{ partition: 0, timestamp: -1 }] }],
  }),
  end: await client.ask('ListOffsets', 3, {
    isolationLevel: 0,
    topics: [{ topic, partitions: [{ partition: 0, timestamp: -1 }] }],
  }),
})

const stamped = (value: string) => ({ value, timestamp: '1700000000000' })

/** Producers that are known by an id, and transactions. */
export const transactionCases: readonly Case<KafkaSide>[] = [
  {
    id: 'idempotence: repeats, gaps and old epochs',
    async run(side) {
      const topic = await side.topic()
      const client = await side.wire()
      const me = await identity(client, null)
      const first = await produce(client, topic, me, 0, { count: 2 })
      return {
        me,
        first,
        second: await produce(client, topic, me, 2),
        repeated: await produce(client, topic, me, 2),
        older: await produce(client, topic, me, 0, { count: 2 }),
        gap: await produce(client, topic, me, 9),
        after: await produce(client, topic, me, 3),
        overlapping: await produce(client, topic, me, 3, { count: 2 }),
        newEpoch: await produce(client, topic, { ...me, producerEpoch: 1 }, 0),
        newEpochGap: await produce(client, topic, { ...me, producerEpoch: 2 }, 5),
        oldEpoch: await produce(client, topic, me, 4),
        contents: await client.ask('Fetch', 11, fetchFrom(topic, 0)),
      }
    },
  },
  {
    id: 'idempotence: a stranger that does not begin at zero',
    async run(side) {
      const topic = await side.topic()
      const client = await side.wire()
      const me = await identity(client, null)
      return {
        started: await produce(client, topic, me, 7),
        next: await produce(client, topic, me, 8),
        back: await produce(client, topic, me, 0),
      }
    },
  },
  {
    id: 'idempotence: kafkajs',
    async run(side) {
      const topic = await side.topic()
      const producer = side.closing(side.kafka.producer({ idempotent: true }), (one) => one.disconnect())
      await producer.connect()
      const sends = []
      for (const value of ['a', 'b', 'c']) sends.push(await producer.send({ topic, messages: [stamped(value)] }))
      return { sends, contents: await (await side.wire()).ask('Fetch', 11, fetchFrom(topic, 0)) }
    },
  },
  {
    id: 'transactions: ids and epochs',
    async run({ name, wire }) {
      const client = await wire()
      const first = await identity(client, name)
      const second = await identity(client, name)
      return {
        first,
        second,
        sameId: first.producerId === second.producerId,
        epochs: second.producerEpoch - first.producerEpoch,
        empty: await identity(client, ''),
        timeout: await identity(client, `${name}-2`, 100_000_000),
        noTimeout: await identity(client, `${name}-3`, 0),
        v0: await client.ask('InitProducerId', 0, { transactionalId: null, transactionTimeout: 1_000 }),
      }
    },
  },
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
      return { sent, open, committed: await bothReadings(client, topic) }
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
      return bothReadings(client, topic)
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
      return { before, after: await bothReadings(client, topic) }
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
      return { late, commit, readings: await bothReadings(await side.wire(), topic) }
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
    id: 'transactions: requests out of turn',
    async run(side) {
      const topic = await side.topic()
      const { name: transactionalId } = side
      const client = await side.wire()
      const me = await identity(client, transactionalId)
      const about = { transactionalId, producerId: me.producerId, producerEpoch: me.producerEpoch }
      const partitions = { topics: [{ topic, partitions: [0] }] }
      const end = (transactionResult: boolean, more = {}) =>
        client.ask('EndTxn', 1, { ...about, transactionResult, ...more })
      return {
        endOfNone: await end(true),
        notAdded: await produce(client, topic, me, 0, { transactionalId }),
        added: await client.ask('AddPartitionsToTxn', 1, { ...about, ...partitions }),
        unknown: await client.ask('AddPartitionsToTxn', 1, {
          ...about,
          topics: [{ topic: `${topic}-absent`, partitions: [0] }],
        }),
        bothKinds: await client.ask('AddPartitionsToTxn', 1, { ...about, topics: [{ topic, partitions: [0, 9] }] }),
        sent: await produce(client, topic, me, 0, { transactionalId }),
        oldEpoch: await end(true, { producerEpoch: me.producerEpoch - 1 }),
        newEpoch: await end(true, { producerEpoch: me.producerEpoch + 1 }),
        stranger: await end(true, { producerId: '987654' }),
        strangerId: await end(true, { transactionalId: `${transactionalId}-absent` }),
        ended: await end(true),
        endedAgain: await untilSettled(() => end(true)),
        otherWay: await untilSettled(() => end(false)),
        readings: await bothReadings(client, topic),
      }
    },
  },
  {
    id: 'transactions: offsets of groups, in turn and out of it',
    async run(side) {
      const topic = await side.topic()
      const { name: groupId } = side
      const { client, member } = await alone(side)
      const me = await identity(client, groupId)
      const about = { transactionalId: groupId, producerId: me.producerId, producerEpoch: me.producerEpoch, groupId }
      const topics = [{ topic, partitions: [{ partition: 0, offset: 4, metadata: 'in a transaction' }] }]
      return {
        member: member.errorCode,
        added: await client.ask('AddOffsetsToTxn', 1, about),
        committed: await client.ask('TxnOffsetCommit', 1, { ...about, topics }),
        fenced: await client.ask('TxnOffsetCommit', 1, { ...about, producerEpoch: -1, topics }),
        fencedAdd: await client.ask('AddOffsetsToTxn', 1, { ...about, producerId: '987654' }),
        ended: await client.ask('EndTxn', 1, { ...about, transactionResult: true }),
        offsets: await settledOffsets(side, topic),
      }
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
      return bothReadings(client, topic)
    },
  },
]

/** Markers are written after the answer: asked again until the coordinator is no longer at it. */
async function untilSettled(ask: () => Promise<unknown>): Promise<unknown> {
  for (const deadline = Date.now() + 5_000; ; ) {
    const answer = await ask()
    if ((answer as { errorCode?: number }).errorCode !== 51 || Date.now() > deadline) return answer
  }
}

/** The offsets of a group, once no transaction on them is being ended. */
async function settledOffsets({ wire, name }: KafkaSide, topic: string): Promise<unknown> {
  const { ask } = await wire()
  const fetched = () => ask('OffsetFetch', 4, { groupId: name, topics: [{ topic, partitions: [{ partition: 0 }] }] })
  let last = await fetched()
  for (let same = 0; same < 20; ) {
    const next = await fetched()
    same = JSON.stringify(next) === JSON.stringify(last) ? same + 1 : 0
    last = next
  }
  return last
}
