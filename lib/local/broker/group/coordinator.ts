import { Deadlines } from '../deadlines.js'
import { type Facts, memoryStorage } from '../disk/index.js'
import type { Timers } from '../timers.js'
import { type Code, code } from '../wire/codes.js'
import { Group } from './group.js'
import { type JoinAnswer, type JoinRequest, refusedJoin } from './member.js'
import { Offsets } from './offsets.js'

/** Longest session and rebalance timeout that is taken, as in Kafka: half an hour. */
export const maxSessionMs = 1_800_000
/** Shortest one, unless the broker was given another; Kafka's default of group.min.session.timeout.ms. */
export const minSessionMs = 6000
/** How long a group without members and offsets is remembered, as in Kafka (offsets.retention.check.interval.ms). */
export const keepEmptyMs = 600_000

interface Held {
  readonly group: Group
  readonly offsets: Offsets
}

/** All consumer groups of one broker. A group lives while it has a member or a committed offset, and for a while after its last member. */
export class Coordinator {
  readonly #timers: Timers
  readonly #facts: Facts
  readonly #minSessionMs: number
  readonly #groups = new Map<string, Held>()
  readonly #deadlines: Deadlines

  /** Goes on with the offsets that an earlier process has left. */
  constructor(timers: Timers, facts: Facts = memoryStorage().facts, shortestSessionMs = minSessionMs) {
    this.#timers = timers
    this.#deadlines = new Deadlines(timers)
    this.#minSessionMs = shortestSessionMs
    this.#facts = facts
    for (const [groupId, offsets] of Offsets.restored(facts)) this.#create(groupId, offsets)
  }

  async join(groupId: string, request: JoinRequest): Promise<JoinAnswer> {
    if (groupId === '') return refusedJoin(code.invalidGroupId, request.memberId)
    if (request.sessionTimeoutMs < this.#minSessionMs || request.sessionTimeoutMs > maxSessionMs) {
      return refusedJoin(code.invalidSessionTimeout, request.memberId)
    }
    const held = this.#groups.get(groupId)
    if (held === undefined && request.memberId !== '') return refusedJoin(code.unknownMemberId, request.memberId)
    const answer = (held ?? this.#create(groupId)).group.join(request)
    this.forgetIfIdle(groupId) // a refused join leaves nothing behind
    return answer
  }

  /** The group, if it has members or offsets. */
  find(groupId: string): Group | undefined {
    return this.#groups.get(groupId)?.group
  }

  all(): Group[] {
    return [...this.#groups.values()].map(({ group }) => group)
  }

  offsets(groupId: string): Offsets | undefined {
    return this.#groups.get(groupId)?.offsets
  }

  /** The offsets to write a commit to, or the code that refuses it. */
  commit(groupId: string, memberId: string, generation: number): Offsets | Code {
    if (groupId === '') return code.invalidGroupId
    const held = this.#groups.get(groupId)
    if (held === undefined) return generation < 0 ? this.#create(groupId).offsets : code.illegalGeneration
    const refused = held.group.mayCommit(memberId, generation)
    return refused === code.none ? held.offsets : refused
  }

  /** Likewise for offsets that wait for the end of a transaction; their group need not exist yet. */
  mayCommitInTransaction(groupId: string, memberId: string, generation: number): Code {
    const held = this.#groups.get(groupId)
    if (held === undefined) return generation < 0 ? code.none : code.illegalGeneration
    return held.group.mayCommitInTransaction(memberId, generation)
  }

  /** The offsets of a group that a transaction has committed for. */
  committing(groupId: string): Offsets {
    return (this.#groups.get(groupId) ?? this.#create(groupId)).offsets
  }

  /** Whether single offsets of a group may be deleted; those its members read may not, which the group tells. */
  mayDeleteOffsets(groupId: string): Code {
    const group = this.find(groupId)
    if (group === undefined) return code.groupIdNotFound
    return group.state === 'Empty' || group.protocolType === 'consumer' ? code.none : code.nonEmptyGroup
  }

  /** Forgets a group that has no members, with its offsets. */
  delete(groupId: string): Code {
    const held = this.#groups.get(groupId)
    if (held === undefined) return code.groupIdNotFound
    if (held.group.state !== 'Empty') return code.nonEmptyGroup
    held.offsets.forgetAll()
    this.#drop(groupId, held)
    return code.none
  }

  /** Forgets the offsets of these topics, which are gone. */
  forgetTopics(isGone: (topic: string) => boolean): void {
    for (const [id, { offsets }] of [...this.#groups]) {
      for (const { topic } of offsets.all()) if (isGone(topic)) offsets.forget(topic)
      this.forgetIfIdle(id)
    }
  }

  /** Forgets a group that nobody needs: at once if there was nobody, else when nobody has come back for a while. */
  forgetIfIdle(groupId: string): void {
    const held = this.#idle(groupId)
    if (held?.group.used) this.#deadlines.set(groupId, keepEmptyMs, () => this.#forget(groupId))
    else if (held !== undefined) this.#drop(groupId, held)
  }

  #forget(groupId: string): void {
    const held = this.#idle(groupId)
    if (held !== undefined) this.#drop(groupId, held)
  }

  #idle(groupId: string): Held | undefined {
    const held = this.#groups.get(groupId)
    return held?.group.idle && held.offsets.empty ? held : undefined
  }

  close(): void {
    for (const [id, held] of [...this.#groups]) this.#drop(id, held)
  }

  #create(groupId: string, offsets = new Offsets(groupId, this.#facts)): Held {
    const group = new Group(groupId, this.#timers, () => this.forgetIfIdle(groupId))
    const held = { group, offsets }
    this.#groups.set(groupId, held)
    return held
  }

  #drop(groupId: string, held: Held): void {
    held.group.close()
    this.#deadlines.cancel(groupId)
    this.#groups.delete(groupId)
  }
}
