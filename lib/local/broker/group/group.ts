import { randomUUID } from 'node:crypto'
import type { Timers } from '../timers.js'
import { type Code, code } from '../wire/codes.js'
import {
  awaitJoin,
  awaitSync,
  type JoinAnswer,
  type JoinRequest,
  type Member,
  metadataFor,
  newMember,
  refusedJoin,
  refusedSync,
  type SyncAnswer,
} from './member.js'
import { commonProtocols, sameProtocols, subscribed } from './protocols.js'
import { type GroupState, Rebalance } from './rebalance.js'
import { Roster } from './roster.js'

/** One consumer group: what its members may ask, and with which code they are refused. */
export class Group {
  readonly id: string
  readonly #roster: Roster
  readonly #rebalance: Rebalance
  #protocolType = ''

  /** `onEmpty` is told when the last member has gone. */
  constructor(id: string, timers: Timers, onEmpty: () => void) {
    this.id = id
    this.#roster = new Roster(timers, (member) => this.#drop(member))
    this.#rebalance = new Rebalance(this.#roster, timers, onEmpty)
  }

  get state(): GroupState {
    return this.#rebalance.state
  }

  /** Nobody is in the group, and nobody about to join. */
  get idle(): boolean {
    return this.#roster.size === 0 && !this.#roster.expectsNewcomers
  }

  /** Whether it has ever had members that agreed. */
  get used(): boolean {
    return this.#rebalance.generation > 0
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
      this.#roster.reserve(id, sessionTimeoutMs, () => this.#rebalance.newcomerStayedAway())
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
    if (this.state === 'PreparingRebalance') return refusedSync(code.rebalanceInProgress)
    if (this.state === 'Stable') return { error: code.none, assignment: member.assignment }
    const answer = awaitSync(member)
    if (this.#rebalance.isLeader(member)) this.#rebalance.assign(assignments)
    return answer
  }

  heartbeat(memberId: string, generation: number): Code {
    const member = this.#current(memberId, generation)
    if (typeof member === 'number') return member
    this.#roster.touch(member)
    return this.state === 'PreparingRebalance' ? code.rebalanceInProgress : code.none
  }

  leave(memberId: string): Code {
    const member = this.#roster.get(memberId)
    if (member !== undefined) this.#drop(member)
    else if (this.#roster.release(memberId)) this.#rebalance.newcomerStayedAway()
    else return code.unknownMemberId
    return code.none
  }

  /** Whether this member, or with generation -1 somebody outside the group, may commit offsets now. */
  mayCommit(memberId: string, generation: number): Code {
    if (generation < 0 && this.state === 'Empty') return code.none
    const member = this.#current(memberId, generation)
    if (typeof member === 'number') return member
    this.#roster.touch(member)
    return this.state === 'CompletingRebalance' ? code.rebalanceInProgress : code.none
  }

  /** Older clients do not say who they are when they commit in a transaction: nobody can tell whether they belong here. */
  mayCommitInTransaction(memberId: string, generation: number): Code {
    if (generation < 0 && (memberId === '' || this.state === 'Empty')) return code.none
    const member = this.#current(memberId, generation)
    return typeof member === 'number' ? member : code.none
  }

  /** Whether a member reads this topic, as far as members tell. */
  subscribesTo(topic: string): boolean {
    return this.#roster.all().some((member) => subscribed(member).includes(topic))
  }

  /** The group as tools see it; what members agreed on shows only while they do. */
  describe() {
    const stable = this.state === 'Stable'
    const protocol = stable ? this.#rebalance.protocol : ''
    const members = this.#roster.all().map((member) => ({
      id: member.id,
      clientId: member.clientId,
      clientHost: member.clientHost,
      metadata: metadataFor(member, protocol),
      assignment: stable ? member.assignment : Buffer.alloc(0),
    }))
    return { state: this.state, protocolType: this.#protocolType, protocol, members }
  }

  /** Ends all timers and waits, when the group is deleted or the broker stops. */
  close(): void {
    this.#rebalance.close()
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
    return generation === this.#rebalance.generation ? member : code.illegalGeneration
  }

  /** A member repeats its join: because an answer was lost, or because something has changed. */
  async #joinAgain(member: Member, request: JoinRequest): Promise<JoinAnswer> {
    const follows = this.state === 'Stable' && !this.#rebalance.isLeader(member)
    if ((follows || this.state === 'CompletingRebalance') && sameProtocols(member.protocols, request.protocols)) {
      this.#roster.touch(member)
      return this.#rebalance.joined(member)
    }
    member.protocols = request.protocols
    member.sessionTimeoutMs = request.sessionTimeoutMs
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs
    return this.#join(member)
  }

  #join(member: Member): Promise<JoinAnswer> {
    const answer = awaitJoin(member)
    this.#rebalance.start()
    return answer
  }

  #drop(member: Member): void {
    this.#roster.remove(member)
    this.#rebalance.start()
  }
}
