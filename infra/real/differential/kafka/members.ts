import { AssignerProtocol } from 'kafkajs'
import type { KafkaSide } from './side.js'
import type { Wire } from './wire.js'

/** The answer of a JoinGroup, as far as the next request needs it. */
export interface Joined {
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

export const joinOf = (groupId: string, joining: Joining = {}) => {
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

export const sync = (
  { ask }: Wire,
  groupId: string,
  { memberId, generationId }: Joined,
  others: readonly string[] = [],
) => {
  const groupAssignment = [memberId, ...others].map((id, i) => ({
    memberId: id,
    memberAssignment: assignment(i),
  }))
  return ask('SyncGroup', 1, { groupId, generationId, memberId, groupAssignment })
}

export const beat = ({ ask }: Wire, groupId: string, groupGenerationId: number, memberId: string) =>
  ask('Heartbeat', 1, { groupId, groupGenerationId, memberId })

/** A group of one that is stable. */
export async function alone(side: KafkaSide): Promise<{ client: Wire; member: Joined; synced: unknown }> {
  const client = await side.wire()
  const member = await join(client, side.name)
  return { client, member, synced: await sync(client, side.name, member) }
}

/** Commits one offset as a member. */
export function commit(
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
export const withSortedMembers = (joined: Joined) => {
  const { members = [] } = joined as { members?: { memberId: string }[] }
  const isOwn = ({ memberId }: { memberId: string }) => (memberId === joined.memberId ? 0 : 1)
  return { ...joined, members: [...members].sort((a, b) => isOwn(a) - isOwn(b)) }
}

/** As above. */
export const sizeOf = (described: unknown) =>
  ((described as { groups: { members: unknown[] }[] }).groups ?? []).map(({ members }) => members.length)

export const stateOf = (described: unknown) => (described as { groups: { state: string }[] }).groups[0]?.state
