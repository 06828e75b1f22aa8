import type { Case } from '../case.js'
import { batchOf, fetchFrom, filled, record } from './requests.js'
import type { KafkaSide } from './side.js'

/** Reading records. */
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
]
