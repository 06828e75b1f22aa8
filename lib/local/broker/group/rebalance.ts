import type { Timers } from '../timers.js'
import { code } from '../wire/codes.js'
import { answerJoin, answerSync, type JoinAnswer, type Member, metadataFor, refusedSync } from './member.js'
import { electProtocol } from './protocols.js'
import type { Roster } from './roster.js'

/** The states of a group, by the names that DescribeGroups reports. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

/**
 * How the members of a group come to agree, as a state machine.
 *
 *     Empty ──join──▶ PreparingRebalance ──all joined──▶ CompletingRebalance ──leader synced──▶ Stable
 *       ▲                │   ▲   (or time is up)                │                                │
 *       └──nobody left───┘   └────────── a member joins, leaves, changes or falls silent ────────┘
 *
 * Invariants: members wait for joins only while preparing and for assignments only while completing; the generation
 * rises with each completed join.
 */
export class Rebalance {
  readonly #roster: Roster
  readonly #timers: Timers
  readonly #onEmpty: () => void
  #state: GroupState = 'Empty'
  #generation = 0
  #protocol = ''
  #leader = ''
  #cancelLimit: () => void = () => undefined

  constructor(roster: Roster, timers: Timers, onEmpty: () => void) {
    this.#roster = roster
    this.#timers = timers
    this.#onEmpty = onEmpty
  }

  get state(): GroupState {
    return this.#state
  }

  get generation(): number {
    return this.#generation
  }

  get protocol(): string {
    return this.#protocol
  }

  isLeader(member: Member): boolean {
    return member.id === this.#leader
  }

  /** The members are other ones, or want other things: they must agree anew. */
  start(): void {
    if (this.#state !== 'PreparingRebalance') this.#prepare()
    this.#completeJoin()
  }

  /** Somebody who was given an id will not come. */
  newcomerStayedAway(): void {
    if (this.#state === 'PreparingRebalance') this.#completeJoin()
    else if (this.#state === 'Empty' && !this.#roster.expectsNewcomers) this.#onEmpty()
  }

  /** The leader has shared out the partitions: every member is given its part. */
  assign(assignments: ReadonlyMap<string, Buffer>): void {
    this.#state = 'Stable'
    this.#cancelLimit()
    for (const member of this.#roster.all()) {
      member.assignment = assignments.get(member.id) ?? Buffer.alloc(0)
      answerSync(member, { error: code.none, assignment: member.assignment })
      this.#roster.touch(member)
    }
  }

  /** What a member is told of the generation it has joined. */
  joined(member: Member): JoinAnswer {
    const members = this.isLeader(member) ? this.#roster.all() : []
    return {
      error: code.none,
      generation: this.#generation,
      protocol: this.#protocol,
      leader: this.#leader,
      memberId: member.id,
      members: members.map((one) => ({ id: one.id, metadata: metadataFor(one, this.#protocol) })),
    }
  }

  close(): void {
    this.#cancelLimit()
  }

  #prepare(): void {
    this.#state = 'PreparingRebalance'
    for (const member of this.#roster.all()) {
      if (member.syncing === undefined) continue
      answerSync(member, refusedSync(code.rebalanceInProgress))
      this.#roster.touch(member)
    }
    this.#limit(
      (member) => member.joining !== undefined,
      () => this.#agree(),
    )
  }

  /** Members that have not done what this phase asks for, when the longest of their time limits is over, are removed. */
  #limit(done: (member: Member) => boolean, goOn: () => void): void {
    this.#cancelLimit()
    const limitMs = Math.max(0, ...this.#roster.all().map((member) => member.rebalanceTimeoutMs))
    this.#cancelLimit = this.#timers.after(limitMs, () => {
      for (const member of this.#roster.all()) if (!done(member)) this.#roster.remove(member)
      goOn()
    })
  }

  /** A group without members has nobody to wait with for those who may come: they join the next generation. */
  #completeJoin(): void {
    const members = this.#roster.all()
    const missing = members.some((member) => member.joining === undefined)
    if (members.length === 0 || !(missing || this.#roster.expectsNewcomers)) this.#agree()
  }

  #agree(): void {
    const members = this.#roster.all()
    this.#generation += 1
    this.#cancelLimit()
    this.#protocol = electProtocol(members)
    if (this.#roster.get(this.#leader) === undefined) this.#leader = members[0]?.id ?? ''
    this.#state = members.length === 0 ? 'Empty' : 'CompletingRebalance'
    if (members.length === 0) this.#onEmpty()
    else this.#awaitLeader(members)
  }

  #awaitLeader(members: readonly Member[]): void {
    this.#limit(
      (member) => member.syncing !== undefined,
      () => this.start(),
    )
    for (const member of members) {
      answerJoin(member, this.joined(member))
      this.#roster.touch(member)
    }
  }
}
