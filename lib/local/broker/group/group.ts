import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.js'
import { type Code, code } from '../wire/codes.js'
import {
  commonProtocols,
  electProtocol,
  type JoinAnswer,
  type JoinRequest,
  type Member,
  metadataFor,
  newMember,
  refusedJoin,
  refusedSync,
  type SyncAnswer,
  sameProtocols,
  waiting,
} from './member.js'

/** The states of a group, by the names that DescribeGroups reports. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

/**
 * The members of one consumer group, as a state machine.
 *
 *     Empty ──join──▶ PreparingRebalance ──all joined──▶ CompletingRebalance ──leader synced──▶ Stable
 *       ▲                │   ▲   (or time is up)                │                                │
 *       └──nobody left───┘   └────────── a member joins, leaves, changes or falls silent ────────┘
 *
 * Invariants: `joining` is set only while preparing, `syncing` only while completing; a member that waits for an answer
 * has no session timer, every other has one; the generation rises with each completed join.
 */
export class Group {
  readonly id: string
  readonly #clock: Clock
  readonly #onEmpty: () => void
  readonly #members = new Map<string, Member>()
  /** Ids given out whose owners have not joined yet, with what cancels their time limit. */
  readonly #pending = new Map<string, () => void>()
  #state: GroupState = 'Empty'
  #generation = 0
  #protocolType = ''
  #protocol = ''
  #leader = ''
  #cancelRebalance: () => void = () => undefined

  constructor(id: string, clock: Clock, onEmpty: () => void) {
    this.id = id
    this.#clock = clock
    this.#onEmpty = onEmpty
  }

  get state(): GroupState {
    return this.#state
  }

  get protocolType(): string {
    return this.#protocolType
  }

  async join(request: JoinRequest): Promise<JoinAnswer> {
    if (!this.#compatible(request)) return refusedJoin(code.inconsistentGroupProtocol, request.memberId)
    const member = this.#members.get(request.memberId)
    if (member !== undefined) return this.#joinAgain(member, request)
    if (request.memberId !== '' && !this.#forgetPending(request.memberId)) {
      return refusedJoin(code.unknownMemberId, request.memberId)
    }
    const id = request.memberId === '' ? `${request.clientId}-${randomUUID()}` : request.memberId
    if (request.memberId === '' && request.idFirst) return this.#giveId(id, request)
    if (this.#members.size === 0) this.#protocolType = request.protocolType
    const joined = newMember(id, request)
    this.#members.set(id, joined)
    return this.#await(joined)
  }

  async sync(memberId: string, generation: number, assignments: ReadonlyMap<string, Buffer>): Promise<SyncAnswer> {
    const refused = this.#check(memberId, generation)
    const member = this.#members.get(memberId)
    if (refused !== code.none || member === undefined) return refusedSync(refused)
    if (this.#state === 'PreparingRebalance') return refusedSync(code.rebalanceInProgress)
    if (this.#state === 'Stable') return { error: code.none, assignment: member.assignment }
    member.cancelSession()
    member.syncing?.answer(refusedSync(code.rebalanceInProgress))
    const mine = waiting<SyncAnswer>()
    member.syncing = mine
    if (memberId === this.#leader) this.#assign(assignments)
    return mine.promise
  }

  heartbeat(memberId: string, generation: number): Code {
    const refused = this.#check(memberId, generation)
    if (refused !== code.none) return refused
    this.#touch(memberId)
    return this.#state === 'PreparingRebalance' ? code.rebalanceInProgress : code.none
  }

  leave(memberId: string): Code {
    if (this.#forgetPending(memberId)) {
      this.#completeJoinIfAllAreHere()
      return code.none
    }
    return this.#remove(memberId) ? code.none : code.unknownMemberId
  }

  /** Whether this member, or with generation -1 somebody outside the group, may commit offsets now. */
  mayCommit(memberId: string, generation: number): Code {
    if (generation < 0 && this.#state === 'Empty') return code.none
    const refused = this.#check(memberId, generation)
    if (refused !== code.none) return refused
    this.#touch(memberId)
    return this.#state === 'CompletingRebalance' ? code.rebalanceInProgress : code.none
  }

  describe() {
    const stable = this.#state === 'Stable'
    const nothing = Buffer.alloc(0)
    const members = [...this.#members.values()].map((member) => ({
      id: member.id,
      clientId: member.clientId,
      clientHost: member.clientHost,
      metadata: stable ? metadataFor(member, this.#protocol) : nothing,
      assignment: stable ? member.assignment : nothing,
    }))
    return { state: this.#state, protocolType: this.#protocolType, protocol: stable ? this.#protocol : '', members }
  }

  /** Ends all timers and waits, when the broker stops. */
  close(): void {
    this.#cancelRebalance()
    for (const cancel of this.#pending.values()) cancel()
    for (const member of this.#members.values()) this.#dismiss(member)
  }

  #compatible(request: JoinRequest): boolean {
    if (request.protocolType === '' || request.protocols.length === 0) return false
    const others = [...this.#members.values()].filter((member) => member.id !== request.memberId)
    if (others.length === 0) return true
    const common = commonProtocols(others)
    return request.protocolType === this.#protocolType && request.protocols.some((one) => common.has(one.name))
  }

  #check(memberId: string, generation: number): Code {
    if (!this.#members.has(memberId)) return code.unknownMemberId
    return generation === this.#generation ? code.none : code.illegalGeneration
  }

  #giveId(id: string, request: JoinRequest): JoinAnswer {
    const cancel = this.#clock.after(request.sessionTimeoutMs, () => {
      this.#pending.delete(id)
      this.#completeJoinIfAllAreHere()
    })
    this.#pending.set(id, cancel)
    return refusedJoin(code.memberIdRequired, id)
  }

  #forgetPending(id: string): boolean {
    this.#pending.get(id)?.()
    return this.#pending.delete(id)
  }

  async #joinAgain(member: Member, request: JoinRequest): Promise<JoinAnswer> {
    const same = sameProtocols(member.protocols, request.protocols)
    const nothingNew =
      same && (this.#state === 'CompletingRebalance' || (this.#state === 'Stable' && member.id !== this.#leader))
    if (nothingNew) {
      this.#touch(member.id)
      return this.#joined(member)
    }
    member.protocols = request.protocols
    member.sessionTimeoutMs = request.sessionTimeoutMs
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs
    return this.#await(member)
  }

  #await(member: Member): Promise<JoinAnswer> {
    member.cancelSession()
    member.joining?.answer(refusedJoin(code.rebalanceInProgress, member.id))
    const mine = waiting<JoinAnswer>()
    member.joining = mine
    if (this.#state === 'PreparingRebalance') this.#completeJoinIfAllAreHere()
    else this.#rebalance()
    return mine.promise
  }

  #rebalance(): void {
    this.#state = 'PreparingRebalance'
    for (const member of this.#members.values()) {
      if (member.syncing === undefined) continue
      this.#answerSync(member, refusedSync(code.rebalanceInProgress))
    }
    this.#limitRebalance((member) => member.joining !== undefined)
    this.#completeJoinIfAllAreHere()
  }

  /** Members that have not done what this phase asks for when the longest of their time limits is over are removed. */
  #limitRebalance(done: (member: Member) => boolean): void {
    this.#cancelRebalance()
    const limitMs = Math.max(0, ...[...this.#members.values()].map((member) => member.rebalanceTimeoutMs))
    this.#cancelRebalance = this.#clock.after(limitMs, () => {
      const late = [...this.#members.values()].filter((member) => !done(member))
      for (const member of late) this.#forget(member)
      for (const id of [...this.#pending.keys()]) this.#forgetPending(id)
      if (this.#state === 'PreparingRebalance') this.#completeJoinIfAllAreHere()
      else if (late.length > 0) this.#rebalance()
    })
  }

  #completeJoinIfAllAreHere(): void {
    if (this.#state !== 'PreparingRebalance' || this.#pending.size > 0) return
    const members = [...this.#members.values()]
    if (members.some((member) => member.joining === undefined)) return
    this.#generation += 1
    this.#cancelRebalance()
    if (members.length === 0) {
      this.#state = 'Empty'
      this.#protocol = ''
      this.#leader = ''
      this.#onEmpty()
      return
    }
    this.#state = 'CompletingRebalance'
    this.#protocol = electProtocol(members)
    if (!this.#members.has(this.#leader)) this.#leader = members[0]?.id ?? ''
    this.#limitRebalance((member) => member.syncing !== undefined)
    for (const member of members) {
      member.joining?.answer(this.#joined(member))
      member.joining = undefined
      this.#touch(member.id)
    }
  }

  #joined(member: Member): JoinAnswer {
    const everybody = [...this.#members.values()].map(({ id }) => id)
    const members = member.id === this.#leader ? everybody : []
    return {
      error: code.none,
      generation: this.#generation,
      protocol: this.#protocol,
      leader: this.#leader,
      memberId: member.id,
      members: members.flatMap((id) => {
        const one = this.#members.get(id)
        return one === undefined ? [] : [{ id, metadata: metadataFor(one, this.#protocol) }]
      }),
    }
  }

  #assign(assignments: ReadonlyMap<string, Buffer>): void {
    this.#state = 'Stable'
    this.#cancelRebalance()
    for (const member of this.#members.values()) {
      member.assignment = assignments.get(member.id) ?? Buffer.alloc(0)
      this.#answerSync(member, { error: code.none, assignment: member.assignment })
    }
  }

  #answerSync(member: Member, answer: SyncAnswer): void {
    member.syncing?.answer(answer)
    member.syncing = undefined
    this.#touch(member.id)
  }

  #touch(memberId: string): void {
    const member = this.#members.get(memberId)
    if (member === undefined) return
    member.cancelSession()
    if (member.joining !== undefined || member.syncing !== undefined) return
    member.cancelSession = this.#clock.after(member.sessionTimeoutMs, () => this.#remove(memberId))
  }

  #remove(memberId: string): boolean {
    const member = this.#members.get(memberId)
    if (member === undefined) return false
    this.#forget(member)
    if (this.#state === 'PreparingRebalance') this.#completeJoinIfAllAreHere()
    else this.#rebalance()
    return true
  }

  #forget(member: Member): void {
    this.#members.delete(member.id)
    this.#dismiss(member)
  }

  #dismiss(member: Member): void {
    member.cancelSession()
    member.joining?.answer(refusedJoin(code.unknownMemberId, member.id))
    member.syncing?.answer(refusedSync(code.unknownMemberId))
  }
}
