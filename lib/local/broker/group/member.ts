import { type Waiting, waiting } from '../waiting.js'
import { type Code, code } from '../wire/codes.js'

/** A way of sharing partitions that a member offers, with the client's own metadata (opaque to the broker). */
export interface Protocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface JoinRequest {
  /** empty for a member that is new */
  readonly memberId: string
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  /** in order of preference */
  readonly protocols: readonly Protocol[]
  /** the client can be asked to come again with the id it is given (version 4 on) */
  readonly idFirst: boolean
}

export interface JoinAnswer {
  readonly error: Code
  readonly generation: number
  readonly protocol: string
  readonly leader: string
  readonly memberId: string
  /** for the leader only, which makes the assignment */
  readonly members: readonly { readonly id: string; readonly metadata: Buffer }[]
}

export interface SyncAnswer {
  readonly error: Code
  readonly assignment: Buffer
}

/** One member of a group as the coordinator keeps it; changed only by its group. */
export interface Member {
  readonly id: string
  readonly clientId: string
  readonly clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocols: readonly Protocol[]
  assignment: Buffer
  joining: Waiting<JoinAnswer> | undefined
  syncing: Waiting<SyncAnswer> | undefined
  cancelSession: () => void
}

export function newMember(id: string, request: JoinRequest): Member {
  const { clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = request
  return {
    id,
    clientId,
    clientHost,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    protocols,
    assignment: Buffer.alloc(0),
    joining: undefined,
    syncing: undefined,
    cancelSession: () => undefined,
  }
}

export function metadataFor(member: Member, protocol: string): Buffer {
  return member.protocols.find((one) => one.name === protocol)?.metadata ?? Buffer.alloc(0)
}

export function refusedJoin(error: Code, memberId: string): JoinAnswer {
  return { error, generation: -1, protocol: '', leader: '', memberId, members: [] }
}

export function refusedSync(error: Code): SyncAnswer {
  return { error, assignment: Buffer.alloc(0) }
}

/** Lets a member wait for the join to complete; an earlier request of its own that still waits is sent off. */
export function awaitJoin(member: Member): Promise<JoinAnswer> {
  member.cancelSession()
  answerJoin(member, refusedJoin(code.rebalanceInProgress, member.id))
  member.joining = waiting()
  return member.joining.promise
}

/** Lets a member wait for the leader's assignment, likewise. */
export function awaitSync(member: Member): Promise<SyncAnswer> {
  member.cancelSession()
  answerSync(member, refusedSync(code.rebalanceInProgress))
  member.syncing = waiting()
  return member.syncing.promise
}

export function answerJoin(member: Member, answer: JoinAnswer): void {
  member.joining?.answer(answer)
  member.joining = undefined
}

export function answerSync(member: Member, answer: SyncAnswer): void {
  member.syncing?.answer(answer)
  member.syncing = undefined
}
