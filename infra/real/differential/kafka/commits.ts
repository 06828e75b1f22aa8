import type { Case } from '../case.js'
import { alone, commit } from './members.js'
import { batchOf, record } from './requests.js'
import type { KafkaSide } from './side.js'

/** Offsets of groups. */
export const commitCases: readonly Case<KafkaSide>[] = [
  {
    id: 'groups: commits and what is fetched of them',
    async run(side) {
      const topic = await side.topic(3)
      const { client, member } = await alone(side)
      const { name } = side
      const fetched = (version: number, topics: unknown) =>
        client.ask('OffsetFetch', version, { groupId: name, topics })
      const partitions = [0, 1, 2].map((partition) => ({ partition }))
      return {
        none: await fetched(4, [{ topic, partitions }]),
        commit: await commit(client, name, member, topic, 5, 'metadata ✓'),
        lower: await commit(client, name, member, topic, 3, ''),
        versions: [
          await fetched(1, [{ topic, partitions }]),
          await fetched(2, [{ topic, partitions }]),
          await fetched(3, [{ topic, partitions }]),
        ],
        unknownPartition: await fetched(4, [{ topic, partitions: [{ partition: 9 }] }]),
        unknownTopic: await fetched(4, [{ topic: `${topic}-absent`, partitions: [{ partition: 0 }] }]),
        kafkajs: await side.admin.fetchOffsets({ groupId: name, topics: [topic] }),
      }
    },
  },
  {
    id: 'groups: commits that are refused',
    async run(side) {
      const topic = await side.topic()
      const { client, member } = await alone(side)
      const { name } = side
      return {
        generation: await commit(client, name, { ...member, generationId: 99 }, topic, 1),
        stranger: await commit(client, name, { ...member, memberId: 'stranger' }, topic, 1),
        simple: await commit(client, name, { ...member, memberId: '', generationId: -1 }, topic, 1),
        absentGroup: await commit(client, `${name}-absent`, member, topic, 1),
        unknownTopic: await commit(client, name, member, `${topic}-absent`, 1),
        unknownPartition: await commit(client, name, member, topic, 1, '', 9),
        longMetadata: await commit(client, name, member, topic, 1, 'm'.repeat(5_000)),
        negative: await commit(client, name, member, topic, -1),
      }
    },
  },
  {
    id: 'groups: commits without a group’s members',
    async run({ topic, name, wire, admin }) {
      const known = await topic(2)
      const client = await wire()
      const nobody = { errorCode: 0, memberId: '', generationId: -1 }
      const versions = []
      for (const version of [2, 3, 4, 5]) {
        const partitions = [{ partition: 0, offset: version, metadata: null }]
        versions.push(
          await client.ask('OffsetCommit', version, {
            groupId: name,
            groupGenerationId: -1,
            memberId: '',
            topics: [{ topic: known, partitions }],
          }),
        )
      }
      return {
        versions,
        second: await commit(client, name, nobody, known, 7, 'by nobody', 1),
        fetched: await admin.fetchOffsets({ groupId: name, topics: [known] }),
        described: await client.ask('DescribeGroups', 2, { groupIds: [name] }),
        removed: await client.ask('DeleteGroups', 1, [name]),
        gone: await admin.fetchOffsets({ groupId: name, topics: [known] }),
      }
    },
  },
  {
    id: 'groups: the commits of a topic go with it',
    async run({ topic, name, wire }) {
      const known = await topic()
      const client = await wire()
      await commit(client, name, { errorCode: 0, memberId: '', generationId: -1 }, known, 4)
      await client.ask('DeleteTopics', 1, { topics: [known] })
      await client.ask('CreateTopics', 3, { topics: [{ topic: known, numPartitions: 1, replicationFactor: 1 }] })
      const deadline = Date.now() + 10_000
      for (;;) {
        const fetched = await client.ask('OffsetFetch', 4, {
          groupId: name,
          topics: [{ topic: known, partitions: [{ partition: 0 }] }],
        })
        // The coordinator hears of it a moment later.
        if (JSON.stringify(fetched).includes('"offset":"-1"') || Date.now() > deadline) return fetched
      }
    },
  },
  {
    id: 'groups: a running kafkajs consumer',
    async run(side) {
      const topic = await side.topic(2)
      const client = await side.wire()
      await client.ask('Produce', 7, {
        acks: -1,
        timeout: 5_000,
        topicData: batchOf(topic, [record('a'), record('b')]),
      })
      await client.ask('Produce', 7, { acks: -1, timeout: 5_000, topicData: batchOf(topic, [record('c')], 1) })
      const consumer = side.closing(side.kafka.consumer({ groupId: side.name }), (one) => one.disconnect())
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      const seen: unknown[] = []
      await new Promise<void>((resolve, reject) => {
        consumer.on('consumer.crash', ({ payload }) => reject(payload.error))
        void consumer.run({
          eachMessage: async ({ partition, message }) => {
            seen.push([partition, message.offset, message.value?.toString()])
            if (seen.length === 3) resolve()
          },
        })
      })
      await consumer.stop()
      await consumer.disconnect()
      return { seen: seen.sort(), committed: await side.admin.fetchOffsets({ groupId: side.name, topics: [topic] }) }
    },
  },
]
