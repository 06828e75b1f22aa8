import { attempt, type Case } from '../../../../dist/infra/real/differential/case.js'
import type { Side } from './side.js'

/** Some time that does not change. */
export const timestamp = 1_700_000_000_000n

/** Messages without keys. */
export const to = (topic: string, values: readonly string[], partition = 0) =>
  values.map((value) => ({ topic, partition, value, timestamp }))

const records = [
  { key: 'k', value: 'plain' },
  { value: 'no key' },
  { key: '', value: '' },
  { key: 'h', value: 'headers', headers: { a: 'one', b: 'ünï' } },
  { key: 'long', value: 'x'.repeat(5_000) },
]

async function compressed({ topic, producer, read }: Side, compression: 'gzip' | 'snappy' | 'lz4' | 'zstd') {
  const name = await topic()
  const messages = records.map((one) => ({ topic: name, partition: 0, timestamp, ...one }))
  const sent = await producer().send({ messages, compression, acks: -1 })
  return { sent, read: await read(name, records.length) }
}

/** Producing, in transactions and without. */
export const recordCases: readonly Case<Side>[] = [
  {
    id: 'platformatic: records come back as they went',
    async run({ producer, topic, read }) {
      const name = await topic()
      const messages = records.map((one) => ({ topic: name, partition: 0, timestamp, ...one }))
      return { sent: await producer().send({ messages, acks: -1 }), read: await read(name, records.length) }
    },
  },
  {
    id: 'platformatic: acks of one and of none',
    async run({ producer, topic, read }) {
      const name = await topic()
      const one = await producer().send({ messages: to(name, ['a']), acks: 1 })
      const none = await producer().send({ messages: to(name, ['b']), acks: 0 })
      return { one, none, read: await read(name, 2) }
    },
  },
  { id: 'platformatic: gzip', run: (side) => compressed(side, 'gzip') },
  { id: 'platformatic: snappy', run: (side) => compressed(side, 'snappy') },
  { id: 'platformatic: lz4', run: (side) => compressed(side, 'lz4') },
  { id: 'platformatic: zstd', run: (side) => compressed(side, 'zstd') },
  {
    id: 'platformatic: an idempotent producer',
    async run({ producer, topic, read }) {
      const name = await topic()
      const mine = producer({ idempotent: true })
      const sends = []
      for (const value of ['a', 'b', 'c']) sends.push(await mine.send({ messages: to(name, [value]), acks: -1 }))
      return { sends, read: await read(name, 3) }
    },
  },
  {
    id: 'platformatic: a record that is too large',
    async run({ producer, topic }) {
      const name = await topic()
      return attempt(() => producer().send({ messages: to(name, ['x'.repeat(1_200_000)]), acks: -1 }))
    },
  },
  {
    id: 'platformatic: a transaction that is committed, and one that is not',
    async run({ producer, topic, read, name: transactionalId }) {
      const name = await topic()
      const mine = producer({ transactionalId, idempotent: true })
      for (const [value, end] of [
        ['lost', 'abort'],
        ['kept', 'commit'],
      ] as const) {
        const transaction = await mine.beginTransaction()
        await transaction.send({ messages: to(name, [value]), acks: -1 })
        await transaction[end]()
      }
      return { committed: await read(name, 1, { isolationLevel: 1 }), all: await read(name, 2, { isolationLevel: 0 }) }
    },
  },
]
