import { attempt, type Case } from '../../../../dist/infra/real/differential/case.js'
import { recordCases, timestamp, to } from './records.js'
import type { Side } from './side.js'

/** What users of another client do. */
export const cases: readonly Case<Side>[] = [
  {
    id: 'platformatic: topics are created, listed and described',
    async run({ admin, topic }) {
      const name = await topic(3)
      const { topics } = await admin.metadata({ topics: [name] })
      const { partitions, partitionsCount } = topics.get(name) ?? {}
      return { listed: (await admin.listTopics()).includes(name), partitions, partitionsCount }
    },
  },
  {
    id: 'platformatic: topics that cannot be created',
    async run({ admin, topic }) {
      const name = await topic()
      const create = (one: string, partitions = 1, replicas = 1) =>
        attempt(() => admin.createTopics({ topics: [one], partitions, replicas }))
      return {
        exists: await create(name),
        invalid: await create('a/b'),
        none: await create(`${name}-none`, 0),
        replicas: await create(`${name}-replicas`, 1, 3),
      }
    },
  },
  {
    id: 'platformatic: topics grow and go',
    async run({ admin, topic }) {
      const name = await topic(2)
      const grow = (count: number) =>
        attempt(() => admin.createPartitions({ topics: [{ name, count, assignments: null }] }))
      return {
        fewer: await grow(1),
        more: await grow(4),
        gone: await attempt(() => admin.deleteTopics({ topics: [name] })),
        again: await attempt(() => admin.deleteTopics({ topics: [name] })),
      }
    },
  },
  ...recordCases,
  {
    id: 'platformatic: offsets: earliest, latest and by time',
    async run({ producer, consumer, topic }) {
      const name = await topic()
      const mine = producer()
      for (const more of [0n, 1_000n, 2_000n]) {
        await mine.send({
          messages: [{ topic: name, partition: 0, value: 'a', timestamp: timestamp + more }],
          acks: -1,
        })
      }
      const reader = consumer()
      const at = async (time: bigint) => [...(await reader.listOffsets({ topics: [name], timestamp: time }))]
      return {
        earliest: await at(-2n),
        latest: await at(-1n),
        second: await at(timestamp + 500n),
        beyond: await at(timestamp + 5_000n),
        timed: [
          ...((await reader.listOffsetsWithTimestamps({ topics: [name], timestamp: timestamp + 1_000n })).get(name) ??
            []),
        ],
      }
    },
  },
  {
    id: 'platformatic: a group that commits, goes on and is deleted',
    async run({ producer, consumer, topic, admin, name: group }) {
      const name = await topic()
      await producer().send({ messages: to(name, ['a', 'b', 'c']), acks: -1 })
      const seen: unknown[] = []
      const take = async (count: number) => {
        const mine = consumer()
        const stream = await mine.consume({
          topics: [name],
          mode: 'committed',
          fallbackMode: 'earliest',
          maxWaitTime: 200,
        })
        let left = count
        for await (const message of stream) {
          seen.push([String(message.offset), message.value])
          await message.commit()
          if (--left === 0) break
        }
        await stream.close()
        return mine
      }
      await (await take(2)).close(true)
      const last = await take(1)
      const offsets = await admin.listConsumerGroupOffsets({ groups: [group] })
      const full = (await attempt(() => admin.deleteGroups({ groups: [group] }))) as { failed?: unknown }
      await last.close(true)
      return { seen, offsets, full, empty: await attempt(() => admin.deleteGroups({ groups: [group] })) }
    },
  },
  {
    id: 'platformatic: two consumers share the partitions',
    async run({ consumer, topic, admin, name: group }) {
      const name = await topic(4)
      const streams = await Promise.all(
        [1, 2].map(() => consumer().consume({ topics: [name], mode: 'latest', maxWaitTime: 200 })),
      )
      const shares = async () => {
        const described = (await admin.describeGroups({ groups: [group] })).get(group)
        const members = [...(described?.members.values() ?? [])]
        const counts = members.map(({ assignments }) => (assignments?.get(name)?.partitions ?? []).length)
        return { state: described?.state, counts }
      }
      let last = await shares()
      for (const deadline = Date.now() + 15_000; Date.now() < deadline; last = await shares()) {
        if (last.state === 'Stable' && last.counts.join() === '2,2') break
      }
      for (const stream of streams) await stream.close()
      return last
    },
  },
  {
    id: 'platformatic: offsets of a group are set and deleted',
    async run({ admin, topic, name: groupId }) {
      const name = await topic(2)
      const partitionOffsets = [0, 1].map((partition) => ({ partition, offset: BigInt(partition + 4) }))
      await admin.alterConsumerGroupOffsets({ groupId, topics: [{ name, partitionOffsets }] })
      const set = await admin.listConsumerGroupOffsets({ groups: [groupId] })
      const deleted = await attempt(() =>
        admin.deleteConsumerGroupOffsets({ groupId, topics: [{ name, partitionIndexes: [1] }] }),
      )
      return { set, deleted, left: await admin.listConsumerGroupOffsets({ groups: [groupId] }) }
    },
  },
  {
    id: 'platformatic: records are deleted up to an offset',
    async run({ admin, producer, topic, read }) {
      const name = await topic()
      await producer().send({ messages: to(name, ['a', 'b', 'c']), acks: -1 })
      const remove = (offset: bigint) =>
        attempt(() => admin.deleteRecords({ topics: [{ name, partitions: [{ partition: 0, offset }] }] }))
      return { two: await remove(2n), beyond: await remove(99n), left: await read(name, 1) }
    },
  },
  {
    id: 'platformatic: configurations',
    async run({ admin, topic }) {
      const name = await topic()
      const configurationKeys = ['cleanup.policy', 'retention.bytes', 'max.message.bytes']
      const [resource] = await admin.describeConfigs({
        resources: [{ resourceType: 2, resourceName: name, configurationKeys }],
      })
      const configs = [...(resource?.configs ?? [])].map((one) => [one.name, one.value, one.configSource, one.readOnly])
      return configs.sort(([a], [b]) => String(a).localeCompare(String(b)))
    },
  },
]
