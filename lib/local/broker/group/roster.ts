import type { Timers } from '../timers.js'
import { code } from '../wire/codes.js'
import { answerJoin, answerSync, type Member, refusedJoin, refusedSync } from './member.js'

/**
 * Who is in a group, and which ids were given to clients that have not joined with them yet.
 * Invariant: a member that waits for an answer has no session timer, every other has one.
 */
export class Roster {
  readonly #timers: Timers
  readonly #onSilent: (member: Member) => void
  readonly #members = new Map<string, Member>()
  /** Ids given out, each with what cancels its time limit. */
  readonly #reserved = new Map<string, () => void>()

  /** `onSilent` is told of a member from which nothing was heard for the length of its session. */
  constructor(timers: Timers, onSilent: (member: Member) => void) {
    this.#timers = timers
    this.#onSilent = onSilent
  }

  get size(): number {
    return this.#members.size
  }

  /** Whether somebody has been given an id and is about to join. */
  get expectsNewcomers(): boolean {
    return this.#reserved.size > 0
  }

  get(id: string): Member | undefined {
    return this.#members.get(id)
  }

  all(): Member[] {
    return [...this.#members.values()]
  }

  add(member: Member): void {
    this.#members.set(member.id, member)
  }

  /** Removes a member and answers what it waits for. */
  remove(member: Member): void {
    this.#members.delete(member.id)
    member.cancelSession()
    answerJoin(member, refusedJoin(code.unknownMemberId, member.id))
    answerSync(member, refusedSync(code.unknownMemberId))
  }

  /** Begins a new session of a member that was heard of. */
  touch(member: Member): void {
    member.cancelSession()
    if (member.joining !== undefined || member.syncing !== undefined) return
    member.cancelSession = this.#timers.after(member.sessionTimeoutMs, () => this.#onSilent(member))
  }

  reserve(id: string, limitMs: number, onExpired: () => void): void {
    const expire = () => {
      this.#reserved.delete(id)
      onExpired()
    }
    this.#reserved.set(id, this.#timers.after(limitMs, expire))
  }

  /** Takes back a reserved id; false if it is not reserved. */
  release(id: string): boolean {
    this.#reserved.get(id)?.()
    return this.#reserved.delete(id)
  }

  releaseAll(): void {
    for (const id of [...this.#reserved.keys()]) this.release(id)
  }
}
