import { attempt, type Case } from '../case.js'
import { alone, beat, commit, type Joined, join, joinOf, sizeOf, stateOf, sync, withSortedMembers } from './members.js'
import type { KafkaSide } from './side.js'

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
        syncEmpty: await sync(client, '', member),
        joinStranger: await ask('JoinGroup', 4, joinOf(name, { memberId: 'stranger' })),
        joinEmptyGroup: await ask('JoinGroup', 4, joinOf('')),
        leaveStranger: await ask('LeaveGroup', 1, { groupId: name, memberId: 'stranger' }),
        leaveEmpty: await ask('LeaveGroup', 1, { groupId: '', memberId }),
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
      const { memberId } = (await two.ask('JoinGroup', 4, joinOf(name))) as Joined
      const left = await one.ask('LeaveGroup', 1, { groupId: name, memberId: first.memberId })
      const empty = () => one.ask('DescribeGroups', 2, { groupIds: [name] })
      // Kafka ends the generation without members a moment later: who joins before then is still in it.
      let described = await empty()
      for (const deadline = Date.now() + 5_000; stateOf(described) !== 'Empty' && Date.now() < deadline; ) {
        described = await empty()
      }
      return { left, described, alone: await join(two, name, { memberId }) }
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
]
