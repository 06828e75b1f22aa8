import type { Case } from '../case.js'
import { batchOf, fetchFrom, record, someTime } from './produce.js'
import type { KafkaSide } from './side.js'
import type { Wire } from './wire.js'

/** Batches of three records each, with rising timestamps. */
export async function filled(side: KafkaSide, batches = 3): Promise<{ name: string; client: Wire }> {
  const name = await side.topic()
  const client = await side.wire()
  for (let batch = 0; batch < batches; batch++) {
    const messages = [0, 1, 2].map((i) => record(`${batch}.${i}`, { timestamp: someTime + batch * 1_000 + i * 10 }))
    await client.ask('Produce', 7, { acks: -1, timeout: 5_000, topicData: batchOf(name, messages) })
  }
  return { name, client }
}

export const listed = (topic: string, timestamps: readonly (number | string)[], isolationLevel = 0) => ({
  isolationLevel,
  topics: timestamps.map((timestamp) => ({ topic, partitions: [{ partition: 0, timestamp }] })),
})

/** Reading records, and finding offsets. */
export const fetchCases: readonly Case<KafkaSide>[] = [
  {
    id: 'fetch: every version',
    async run(side) {
      const { name, client } = await filled(side)
      const answers = []
      for (const version of [4, 5, 6, 7, 8, 9, 10, 11])
        answers.push(await client.ask('Fetch', version, fetchFrom(name, 0)))
      return answers
    },
  },
  {
    id: 'fetch: from each offset',
    async run(side) {
      const { name, client } = await filled(side)
      const answers = []
      for (const offset of [0, 1, 2, 3, 5, 8, 9]) answers.push(await client.ask('Fetch', 11, fetchFrom(name, offset)))
      return answers
    },
  },
  {
    id: 'fetch: offsets out of range',
    async run(side) {
      const { name, client } = await filled(side)
      return {
        beyond: await client.ask('Fetch', 11, fetchFrom(name, 10)),
        negative: await client.ask('Fetch', 11, fetchFrom(name, -1)),
        veryNegative: await client.ask('Fetch', 11, fetchFrom(name, -5)),
        old: await client.ask('Fetch', 4, fetchFrom(name, 10)),
      }
    },
  },
  {
    id: 'fetch: topics and partitions that are not there',
    async run(side) {
      const { name, client } = await filled(side, 1)
      const at = (topic: string, partition: number) =>
        client.ask(
          'Fetch',
          11,
          fetchFrom(name, 0, { topics: [{ topic, partitions: [{ partition, fetchOffset: 0, maxBytes: 1_000 }] }] }),
        )
      return { topic: await at(`${name}-absent`, 0), partition: await at(name, 9) }
    },
  },
  {
    id: 'fetch: limits of bytes',
    async run(side) {
      const { name, client } = await filled(side)
      const limited = (maxBytes: number, partitionMaxBytes: number) =>
        client.ask(
          'Fetch',
          11,
          fetchFrom(name, 0, {
            maxBytes,
            topics: [{ topic: name, partitions: [{ partition: 0, fetchOffset: 0, maxBytes: partitionMaxBytes }] }],
          }),
        )
      return {
        one: await limited(1, 1_000_000),
        onePartition: await limited(1_000_000, 1),
        two: await limited(1_000_000, 200),
        all: await limited(1_000_000, 1_000_000),
      }
    },
  },
  {
    id: 'fetch: waits no longer than told',
    async run(side) {
      const { name, client } = await filled(side, 1)
      return client.ask('Fetch', 11, fetchFrom(name, 3, { maxWaitTime: 50, minBytes: 1_000 }))
    },
  },
  {
    id: 'fetch: wakes up when a record comes',
    async run(side) {
      const { name, client } = await filled(side, 1)
      const waiting = client.ask('Fetch', 11, fetchFrom(name, 3, { maxWaitTime: 20_000 }))
      const other = await side.wire()
      await other.ask('Produce', 7, { acks: -1, timeout: 5_000, topicData: batchOf(name, [record('late')]) })
      return waiting
    },
  },
  {
    id: 'fetch: sessions that nobody opened',
    async run(side) {
      const { name, client } = await filled(side, 1)
      return {
        unknown: await client.ask('Fetch', 11, fetchFrom(name, 0, { sessionId: 4_711, sessionEpoch: 1 })),
        none: await client.ask('Fetch', 11, fetchFrom(name, 0, { sessionId: 0, sessionEpoch: 5 })),
      }
    },
  },
  {
    id: 'fetch: leader epochs',
    async run(side) {
      const { name, client } = await filled(side, 1)
      const at = (currentLeaderEpoch: number) =>
        client.ask(
          'Fetch',
          11,
          fetchFrom(name, 0, {
            topics: [
              { topic: name, partitions: [{ partition: 0, fetchOffset: 0, maxBytes: 1_000, currentLeaderEpoch }] },
            ],
          }),
        )
      return { right: await at(0), newer: await at(7) }
    },
  },
  {
    id: 'list offsets: earliest, latest, by time and beyond',
    async run(side) {
      const { name, client } = await filled(side)
      const at = async (version: number, timestamp: number | string) =>
        client.ask('ListOffsets', version, listed(name, [timestamp]))
      const times = {
        earliest: -2,
        latest: -1,
        before: 1,
        first: someTime,
        between: someTime + 15,
        second: someTime + 1_000,
        last: someTime + 2_020,
        beyond: someTime + 2_021,
      }
      const answers: Record<string, unknown> = {}
      for (const version of [1, 2, 3]) {
        for (const [key, time] of Object.entries(times)) answers[`${key}${version}`] = await at(version, time)
      }
      return answers
    },
  },
  {
    id: 'list offsets: of an empty topic, and of none',
    async run({ topic, name, wire, admin }) {
      const known = await topic(2)
      const { ask } = await wire()
      return {
        empty: await ask('ListOffsets', 3, listed(known, [-1])),
        emptyByTime: await ask('ListOffsets', 3, listed(known, [someTime])),
        absent: await ask('ListOffsets', 3, listed(`${name}-absent`, [-1])),
        partition: await ask('ListOffsets', 3, {
          isolationLevel: 0,
          topics: [{ topic: known, partitions: [{ partition: 9, timestamp: -1 }] }],
        }),
        kafkajs: await admin.fetchTopicOffsets(known),
        byTimestamp: await admin.fetchTopicOffsetsByTimestamp(known, someTime),
      }
    },
  },
  {
    id: 'list offsets: timestamps that do not rise',
    async run({ topic, wire }) {
      const name = await topic()
      const { ask } = await wire()
      for (const timestamp of [50, 10, 70, 30].map((more) => someTime + more)) {
        await ask('Produce', 7, { acks: -1, timeout: 5_000, topicData: batchOf(name, [record('a', { timestamp })]) })
      }
      const answers = []
      for (const more of [0, 20, 50, 60, 70, 80])
        answers.push(await ask('ListOffsets', 3, listed(name, [someTime + more])))
      return answers
    },
  },
  {
    id: 'delete records: up to an offset, all, and beyond',
    async run(side) {
      const { name, client } = await filled(side)
      const until = (offset: number, partition = 0, topic = name) =>
        client.ask('DeleteRecords', 1, { topics: [{ topic, partitions: [{ partition, offset }] }] })
      return {
        four: await until(4),
        read: await client.ask('Fetch', 11, fetchFrom(name, 4)),
        before: await client.ask('Fetch', 11, fetchFrom(name, 3)),
        earliest: await client.ask('ListOffsets', 3, listed(name, [-2])),
        less: await until(2),
        beyond: await until(100),
        negative: await until(-2),
        partition: await until(0, 5),
        topic: await until(0, 0, `${name}-absent`),
        all: await until(-1),
        left: await side.admin.fetchTopicOffsets(name),
      }
    },
  },
]
