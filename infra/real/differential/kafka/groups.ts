import { AssignerProtocol } from 'kafkajs'
import { attempt, type Case } from '../case.js'
import { batchOf, record } from './produce.js'
import type { KafkaSide } from './side.js'
import type { Wire } from './wire.js'

/** The answer of a JoinGroup, as far as the next request needs it. */
interface Joined {
  readonly errorCode: number
  readonly memberId: string
  readonly generationId: number
}

/** What a member asks for; `protocols` by name. Kafka reads what a consumer subscribes to, and never answers where it cannot. */
interface Joining {
  readonly memberId?: string
  readonly protocols?: readonly string[]
  readonly sessionTimeout?: number
  readonly rebalanceTimeout?: number
  readonly protocolType?: string
}

const subscription = (protocol: string) =>
  AssignerProtocol.MemberMetadata.encode({ version: 1, topics: ['some-topic'], userData: Buffer.from(protocol) })

const assignment = (i: number) =>
  AssignerProtocol.MemberAssignment.encode({ version: 1, assignment: { 'some-topic': [i] }, userData: Buffer.alloc(0) })

const joinOf = (groupId: string, joining: Joining = {}) => {
  const { memberId = '', protocols = ['range'], sessionTimeout = 10_000, rebalanceTimeout = 10_000 } = joining
  const groupProtocols = protocols.map((name) => ({ name, metadata: subscription(name) }))
  return {
    groupId,
    sessionTimeout,
    rebalanceTimeout,
    memberId,
    protocolType: joining.protocolType ?? 'consumer',
    groupProtocols,
  }
}

/** Joins as clients do: with an id of the coordinator's. */
export async function join({ ask }: Wire, groupId: string, joining: Joining = {}): Promise<Joined> {
  const first = (await ask('JoinGroup', 4, joinOf(groupId, joining))) as Joined
  if (first.errorCode !== 79) return first
  return (await ask('JoinGroup', 4, joinOf(groupId, { ...joining, memberId: first.memberId }))) as Joined
}

const sync = ({ ask }: Wire, groupId: string, { memberId, generationId }: Joined, others: readonly string[] = []) => {
  const groupAssignment = [memberId, ...others].map((id, i) => ({
    memberId: id,
    memberAssignment: assignment(i),
  }))
  return ask('SyncGroup', 1, { groupId, generationId, memberId, groupAssignment })
}

const beat = ({ ask }: Wire, groupId: string, groupGenerationId: number, memberId: string) =>
  ask('Heartbeat', 1, { groupId, groupGenerationId, memberId })

/** A group of one that is stable. */
export async function alone(side: KafkaSide): Promise<{ client: Wire; member: Joined; synced: unknown }> {
  const client = await side.wire()
  const member = await join(client, side.name)
  return { client, member, synced: await sync(client, side.name, member) }
}

/** Joining, being assigned, staying and leaving. */
export const groupCases: readonly Case<KafkaSide>[] = [
  {
    id: 'groups: the coordinator',
    async run({ name, wire }) {
      const { ask } = await wire()
      return {
        v0: await ask('GroupCoordinator', 0, { groupId: name }),
        v1: await ask('GroupCoordinator', 1, { groupId: name }),
        v2: await ask('GroupCoordinator', 2, { groupId: name }),
        transaction: await ask('GroupCoordinator', 1, { groupId: name, coordinatorType: 1 }),
        unknownType: await ask('GroupCoordinator', 1, { groupId: name, coordinatorType: 9 }),
      }
    },
  },
  {
    id: 'groups: one member joins, stays and leaves',
    async run(side) {
      const { client, member, synced } = await alone(side)
      const { name } = side
      return {
        member,
        synced,
        beat: await beat(client, name, member.generationId, member.memberId),
        described: await client.ask('DescribeGroups', 2, { groupIds: [name] }),
        left: await client.ask('LeaveGroup', 1, { groupId: name, memberId: member.memberId }),
        again: await client.ask('LeaveGroup', 1, { groupId: name, memberId: member.memberId }),
        empty: await client.ask('DescribeGroups', 2, { groupIds: [name] }),
      }
    },
  },
  {
    id: 'groups: every version of joining',
    async run({ name, wire }) {
      const client = await wire()
      const answers = []
      for (const version of [0, 1, 2, 3, 4]) {
        const groupId = `${name}-${version}`
        const joined = (await client.ask('JoinGroup', version, joinOf(groupId))) as Joined
        answers.push(joined)
        if (joined.errorCode === 0) answers.push(await sync(client, groupId, joined))
      }
      return answers
    },
  },
  {
    id: 'groups: wrong members, generations and groups',
    async run(side) {
      const { client, member } = await alone(side)
      const { name } = side
      const { ask } = client
      const { memberId, generationId } = member
      return {
        beatStranger: await beat(client, name, generationId, 'stranger'),
        beatGeneration: await beat(client, name, generationId + 5, memberId),
        beatGroup: await beat(client, `${name}-absent`, 1, memberId),
        beatEmpty: await beat(client, '', 1, memberId),
        syncStranger: await sync(client, name, { ...member, memberId: 'stranger' }),
        syncGeneration: await sync(client, name, { ...member, generationId: generationId + 5 }),
        syncGroup: await sync(client, `${name}-absent`, member),
        joinStranger: await ask('JoinGroup', 4, joinOf(name, { memberId: 'stranger' })),
        joinEmptyGroup: await ask('JoinGroup', 4, joinOf('')),
        leaveStranger: await ask('LeaveGroup', 1, { groupId: name, memberId: 'stranger' }),
        leaveGroup: await ask('LeaveGroup', 1, { groupId: `${name}-absent`, memberId }),
      }
    },
  },
  {
    id: 'groups: sessions too short and too long',
    async run({ name, wire }) {
      const { ask } = await wire()
      return {
        short: await ask('JoinGroup', 4, joinOf(name, { sessionTimeout: 1 })),
        long: await ask('JoinGroup', 4, joinOf(name, { sessionTimeout: 2_000_000 })),
        none: await ask('JoinGroup', 4, joinOf(name, { sessionTimeout: 0 })),
      }
    },
  },
  {
    id: 'groups: protocols that do not fit',
    async run(side) {
      await alone(side)
      const { ask } = await side.wire()
      const { name } = side
      return {
        other: await ask('JoinGroup', 3, joinOf(name, { protocols: ['other'] })),
        none: await ask('JoinGroup', 3, joinOf(name, { protocols: [] })),
        type: await ask('JoinGroup', 3, joinOf(name, { protocolType: 'connect' })),
        noType: await ask('JoinGroup', 3, joinOf(name, { protocolType: '' })),
      }
    },
  },
  {
    id: 'groups: a second member starts a rebalance',
    async run(side) {
      const { client, member } = await alone(side)
      const { name } = side
      const other = await side.wire()
      const joining = join(other, name)
      let stirred = await beat(client, name, member.generationId, member.memberId)
      const deadline = Date.now() + 5_000
      while ((stirred as Joined).errorCode === 0 && Date.now() < deadline) {
        stirred = await beat(client, name, member.generationId, member.memberId)
      }
      const lateCommit = await commit(client, name, member, 'nowhere', 0)
      const rejoined = await join(client, name, { memberId: member.memberId })
      const joined = await joining
      const followed = sync(other, name, joined)
      const led = await sync(client, name, rejoined, [joined.memberId])
      return {
        stirred,
        lateCommit,
        rejoined: withSortedMembers(rejoined),
        joined,
        led,
        followed: await followed,
        described: sizeOf(await client.ask('DescribeGroups', 0, { groupIds: [name] })),
        old: await beat(client, name, member.generationId, member.memberId),
      }
    },
  },
  {
    id: 'groups: the leader leaves, and the other goes on',
    async run(side) {
      const { name } = side
      const [one, two] = [await side.wire(), await side.wire()]
      const first = await join(one, name)
      await sync(one, name, first)
      const joining = join(two, name)
      const second = one.ask('LeaveGroup', 1, { groupId: name, memberId: first.memberId })
      return { left: await second, alone: await joining }
    },
  },
  {
    id: 'groups: the same member joins again',
    async run(side) {
      const { client, member } = await alone(side)
      const { name } = side
      const again = await join(client, name, { memberId: member.memberId })
      return {
        again,
        synced: await sync(client, name, again),
        beat: await beat(client, name, member.generationId, member.memberId),
      }
    },
  },
  {
    id: 'groups: heartbeats between joining and being assigned',
    async run({ name, wire }) {
      const client = await wire()
      const member = await join(client, name)
      return {
        beat: await beat(client, name, member.generationId, member.memberId),
        described: await client.ask('DescribeGroups', 1, { groupIds: [name] }),
      }
    },
  },
  {
    id: 'groups: describing and listing',
    async run(side) {
      await alone(side)
      const { admin, name } = side
      const { groups } = await admin.listGroups()
      return {
        listed: groups.filter(({ groupId }) => groupId === name),
        described: await admin.describeGroups([name]),
        absent: await admin.describeGroups([`${name}-absent`]),
      }
    },
  },
  {
    id: 'groups: deleting them',
    async run(side) {
      const { client, member } = await alone(side)
      const { name, admin } = side
      const remove = (groupId: string) => client.ask('DeleteGroups', 1, [groupId])
      return {
        full: await remove(name),
        kafkajs: await attempt(() => admin.deleteGroups([name])),
        absent: await remove(`${name}-absent`),
        left: await client.ask('LeaveGroup', 2, { groupId: name, memberId: member.memberId }),
        empty: await remove(name),
        again: await remove(name),
        unnamed: await client.ask('DeleteGroups', 0, ['']),
      }
    },
  },
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
    async run({ topic, name, wire, admin }) {
      const known = await topic()
      const client = await wire()
      await commit(client, name, { errorCode: 0, memberId: '', generationId: -1 }, known, 4)
      await admin.deleteTopics({ topics: [known] })
      await topic()
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

function commit(
  { ask }: Wire,
  groupId: string,
  { memberId, generationId }: Joined,
  topic: string,
  offset: number,
  metadata = '',
  partition = 0,
) {
  return ask('OffsetCommit', 5, {
    groupId,
    groupGenerationId: generationId,
    memberId,
    topics: [{ topic, partitions: [{ partition, offset, metadata }] }],
  })
}

/** Members come in no order: by their ids, that nobody chose. */
const withSortedMembers = (joined: Joined) => {
  const { members = [] } = joined as { members?: { memberId: string }[] }
  const isOwn = ({ memberId }: { memberId: string }) => (memberId === joined.memberId ? 0 : 1)
  return { ...joined, members: [...members].sort((a, b) => isOwn(a) - isOwn(b)) }
}

/** As above. */
const sizeOf = (described: unknown) =>
  ((described as { groups: { members: unknown[] }[] }).groups ?? []).map(({ members }) => members.length)
