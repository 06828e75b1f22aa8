import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.js'
import { type Code, code } from '../wire/codes.js'
import {
  answerJoin,
  answerSync,
  awaitJoin,
  awaitSync,
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
} from './member.js'
import { Roster } from './roster.js'

/** The states of a group, by the names that DescribeGroups reports. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

const nothing = Buffer.alloc(0)

/**
 * The members of one consumer group, as a state machine.
 *
 *     Empty ──join──▶ PreparingRebalance ──all joined──▶ CompletingRebalance ──leader synced──▶ Stable
 *       ▲                │   ▲   (or time is up)                │                                │
 *       └──nobody left───┘   └────────── a member joins, leaves, changes or falls silent ────────┘
 *
 * Invariants: members wait for joins only while preparing and for assignments only while completing; the generation
 * rises with each completed join.
 */
export class Group {
  readonly id: string
  readonly #clock: Clock
  readonly #onEmpty: () => void
  readonly #roster: Roster
  #state: GroupState = 'Empty'
  #generation = 0
  #protocolType = ''
  #protocol = ''
  #leader = ''
  #cancelLimit: () => void = () => undefined

  /** `onEmpty` is told when the last member has gone. */
  constructor(id: string, clock: Clock, onEmpty: () => void) {
    this.id = id
    this.#clock = clock
    this.#onEmpty = onEmpty
    this.#roster = new Roster(clock, (member) => this.#drop(member))
  }

  get state(): GroupState {
    return this.#state
  }

  get protocolType(): string {
    return this.#protocolType
  }

  async join(request: JoinRequest): Promise<JoinAnswer> {
    const { memberId, clientId, idFirst, sessionTimeoutMs } = request
    if (!this.#compatible(request)) return refusedJoin(code.inconsistentGroupProtocol, memberId)
    const member = this.#roster.get(memberId)
    if (member !== undefined) return this.#joinAgain(member, request)
    if (memberId !== '' && !this.#roster.release(memberId)) return refusedJoin(code.unknownMemberId, memberId)
    const id = memberId === '' ? `${clientId}-${randomUUID()}` : memberId
    if (memberId === '' && idFirst) {
      this.#roster.reserve(id, sessionTimeoutMs, () => this.#newcomerStayedAway())
      return refusedJoin(code.memberIdRequired, id)
    }
    if (this.#roster.size === 0) this.#protocolType = request.protocolType
    const newcomer = newMember(id, request)
    this.#roster.add(newcomer)
    return this.#join(newcomer)
  }

  async sync(memberId: string, generation: number, assignments: ReadonlyMap<string, Buffer>): Promise<SyncAnswer> {
    const member = this.#current(memberId, generation)
    if (typeof member === 'number') return refusedSync(member)
    if (this.#state === 'PreparingRebalance') return refusedSync(code.rebalanceInProgress)
    if (this.#state === 'Stable') return { error: code.none, assignment: member.assignment }
    const answer = awaitSync(member)
    if (memberId === this.#leader) this.#assign(assignments)
    return answer
  }

  heartbeat(memberId: string, generation: number): Code {
    const member = this.#current(memberId, generation)
    if (typeof member === 'number') return member
    this.#roster.touch(member)
    return this.#state === 'PreparingRebalance' ? code.rebalanceInProgress : code.none
  }

  leave(memberId: string): Code {
    const member = this.#roster.get(memberId)
    if (member !== undefined) this.#drop(member)
    else if (this.#roster.release(memberId)) this.#newcomerStayedAway()
    else return code.unknownMemberId
    return code.none
  }

  /** Whether this member, or with generation -1 somebody outside the group, may commit offsets now. */
  mayCommit(memberId: string, generation: number): Code {
    if (generation < 0 && this.#state === 'Empty') return code.none
    const member = this.#current(memberId, generation)
    if (typeof member === 'number') return member
    this.#roster.touch(member)
    return this.#state === 'CompletingRebalance' ? code.rebalanceInProgress : code.none
  }

  describe() {
    const stable = this.#state === 'Stable'
    const members = this.#roster.all().map((member) => ({
      id: member.id,
      clientId: member.clientId,
      clientHost: member.clientHost,
      metadata: stable ? metadataFor(member, this.#protocol) : nothing,
      assignment: stable ? member.assignment : nothing,
    }))
    return { state: this.#state, protocolType: this.#protocolType, protocol: stable ? this.#protocol : '', members }
  }

  /** Ends all timers and waits, when the group is deleted or the broker stops. */
  close(): void {
    this.#cancelLimit()
    this.#roster.releaseAll()
    for (const member of this.#roster.all()) this.#roster.remove(member)
  }

  #compatible(request: JoinRequest): boolean {
    if (request.protocolType === '' || request.protocols.length === 0) return false
    const others = this.#roster.all().filter((member) => member.id !== request.memberId)
    if (others.length === 0) return true
    const common = commonProtocols(others)
    return request.protocolType === this.#protocolType && request.protocols.some((one) => common.has(one.name))
  }

  #current(memberId: string, generation: number): Member | Code {
    const member = this.#roster.get(memberId)
    if (member === undefined) return code.unknownMemberId
    return generation === this.#generation ? member : code.illegalGeneration
  }

  /** A member repeats its join: because an answer was lost, or because something has changed. */
  async #joinAgain(member: Member, request: JoinRequest): Promise<JoinAnswer> {
    const isLeader = member.id === this.#leader
    const settled = this.#state === 'CompletingRebalance' || (this.#state === 'Stable' && !isLeader)
    if (settled && sameProtocols(member.protocols, request.protocols)) {
      this.#roster.touch(member)
      return this.#joined(member)
    }
    member.protocols = request.protocols
    member.sessionTimeoutMs = request.sessionTimeoutMs
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs
    return this.#join(member)
  }

  #join(member: Member): Promise<JoinAnswer> {
    const answer = awaitJoin(member)
    this.#changed()
    return answer
  }

  #drop(member: Member): void {
    this.#roster.remove(member)
    this.#changed()
  }

  #newcomerStayedAway(): void {
    if (this.#state === 'PreparingRebalance') this.#completeJoin()
    else if (this.#state === 'Empty' && !this.#roster.expectsNewcomers) this.#onEmpty()
  }

  /** The members are other ones, or want other things: they must agree anew. */
  #changed(): void {
    if (this.#state !== 'PreparingRebalance') this.#prepare()
    this.#completeJoin()
  }

  #prepare(): void {
    this.#state = 'PreparingRebalance'
    for (const member of this.#roster.all()) {
      if (member.syncing === undefined) continue
      answerSync(member, refusedSync(code.rebalanceInProgress))
      this.#roster.touch(member)
    }
    this.#limit((member) => member.joining !== undefined)
  }

  /** Members that have not done what this phase asks for, when the longest of their time limits is over, are removed. */
  #limit(done: (member: Member) => boolean): void {
    this.#cancelLimit()
    const limitMs = Math.max(0, ...this.#roster.all().map((member) => member.rebalanceTimeoutMs))
    this.#cancelLimit = this.#clock.after(limitMs, () => {
      for (const member of this.#roster.all()) if (!done(member)) this.#roster.remove(member)
      this.#roster.releaseAll()
      this.#changed()
    })
  }

  #completeJoin(): void {
    const members = this.#roster.all()
    if (this.#roster.expectsNewcomers || members.some((member) => member.joining === undefined)) return
    this.#generation += 1
    this.#cancelLimit()
    this.#protocol = electProtocol(members)
    if (this.#roster.get(this.#leader) === undefined) this.#leader = members[0]?.id ?? ''
    this.#state = members.length === 0 ? 'Empty' : 'CompletingRebalance'
    if (members.length === 0) this.#onEmpty()
    else this.#handOut(members)
  }

  #handOut(members: readonly Member[]): void {
    this.#limit((member) => member.syncing !== undefined)
    for (const member of members) {
      answerJoin(member, this.#joined(member))
      this.#roster.touch(member)
    }
  }

  #joined(member: Member): JoinAnswer {
    const members = member.id === this.#leader ? this.#roster.all() : []
    return {
      error: code.none,
      generation: this.#generation,
      protocol: this.#protocol,
      leader: this.#leader,
      memberId: member.id,
      members: members.map((one) => ({ id: one.id, metadata: metadataFor(one, this.#protocol) })),
    }
  }

  #assign(assignments: ReadonlyMap<string, Buffer>): void {
    this.#state = 'Stable'
    this.#cancelLimit()
    for (const member of this.#roster.all()) {
      member.assignment = assignments.get(member.id) ?? nothing
      answerSync(member, { error: code.none, assignment: member.assignment })
      this.#roster.touch(member)
    }
  }
}
