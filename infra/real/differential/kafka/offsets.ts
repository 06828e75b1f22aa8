import type { Case } from '../case.js'
import { batchOf, fetchFrom, filled, inOrder, listed, record, someTime } from './requests.js'
import type { KafkaSide } from './side.js'

/** Finding offsets, and deleting what is before one. */
export const offsetCases: readonly Case<KafkaSide>[] = [
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
        kafkajs: inOrder(await admin.fetchTopicOffsets(known)),
        byTimestamp: inOrder(await admin.fetchTopicOffsetsByTimestamp(known, someTime)),
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
