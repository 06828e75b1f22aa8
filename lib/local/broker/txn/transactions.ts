import { Deadlines } from '../deadlines.js'
import { type Code, code } from '../wire/codes.js'
import type { Ground, Initialised } from './ground.js'
import { kept, restored } from './kept.js'
import {
  answerEnd,
  checkSpeaker,
  extended,
  isEnding,
  nextProducer,
  type PendingOffset,
  type Speaker,
  samePartition,
  type TopicPartition,
  type Transaction,
} from './transaction.js'

/** Longest time a transaction may ask for, as in Kafka (transaction.max.timeout.ms): 15 minutes. */
export const maxTimeoutMs = 900_000

/** Beyond this many transactional ids, the one that was used least recently and has nothing under way is forgotten. */
const maxIds = 10_000

/** After so many milliseconds what the files did not take is tried again. */
const retryMs = 1000

/** The transaction coordinator: all transactional ids of one broker. Its state changes in `#set` only. */
export class Transactions {
  readonly #ground: Ground
  readonly #byId = new Map<string, Transaction>()
  readonly #deadlines: Deadlines

  /** Goes on with what an earlier process has left: an end that it had decided is carried out, again if need be. */
  constructor(ground: Ground) {
    this.#ground = ground
    this.#deadlines = new Deadlines(ground.timers)
    for (const [id, json] of ground.facts.all('transaction')) {
      if (isEnding(this.#enter(id, restored(json)))) this.#endByItself(id)
    }
  }

  get(transactionalId: string): Transaction | undefined {
    return this.#byId.get(transactionalId)
  }

  all(): [string, Transaction][] {
    return [...this.#byId]
  }

  /**
   * Gives a transactional id its next producer, and fences the former. A transaction under way is aborted first, which
   * the client is told to wait for, as by Kafka. `expected`: the producer that asks, if it has been one before.
   */
  initialise(id: string, timeoutMs: number, expected?: Pick<Speaker, 'producerId' | 'epoch'>): Initialised {
    if (timeoutMs < 1 || timeoutMs > maxTimeoutMs) return { refused: code.invalidTransactionTimeout }
    const known = this.#byId.get(id)
    if (known !== undefined && expected !== undefined) {
      if (expected.producerId !== known.producerId) return { refused: code.producerFenced }
      if (expected.epoch === known.lastEpoch && known.status === 'Empty') return known // the answer was lost
      if (expected.epoch !== known.epoch) return { refused: code.producerFenced }
    }
    if (known?.status === 'Ongoing') this.#fence(id, known)
    if (known?.status === 'Ongoing' || (known && isEnding(known))) return { refused: code.concurrentTransactions }
    return this.#set(id, nextProducer(known, timeoutMs, this.#ground.newProducerId, expected?.epoch))
  }

  addPartitions(speaker: Speaker, partitions: readonly TopicPartition[]): Code {
    return this.#extend(speaker, { partitions })
  }

  addGroup(speaker: Speaker, group: string): Code {
    return this.#extend(speaker, { groups: [group] })
  }

  /** Keeps offsets for the end of the transaction, which the group must have been added to. */
  addOffsets(speaker: Speaker, group: string, offsets: readonly PendingOffset[]): Code {
    const refused = this.verify(speaker, ({ groups }) => groups.includes(group))
    return refused === code.none ? this.#extend(speaker, { offsets }) : refused
  }

  /** Whether the speaker has a transaction under way that `covers` what it is about to write. */
  verify(speaker: Speaker, covers: (transaction: Transaction) => boolean): Code {
    const known = this.#byId.get(speaker.transactionalId)
    const refused = checkSpeaker(known, speaker)
    if (refused === code.producerFenced) return code.invalidProducerEpoch // so the leader of a partition says it
    if (refused !== code.none || known === undefined) return refused
    if (isEnding(known)) return code.concurrentTransactions
    return known.status === 'Ongoing' && covers(known) ? code.none : code.transactionAbortable
  }

  /** Commits or aborts the transaction under way. */
  end(speaker: Speaker, commit: boolean): Code {
    const known = this.#byId.get(speaker.transactionalId)
    const refused = checkSpeaker(known, speaker)
    if (refused !== code.none || known === undefined) return refused
    if (known.status !== 'Ongoing') return answerEnd(known.status, commit)
    this.#finish(speaker.transactionalId, known, commit)
    return code.none
  }

  /** Whether a transaction under way will change what the group has committed there. */
  isPending(group: string, { topic, partition }: TopicPartition): boolean {
    return [...this.#byId.values()].some(
      ({ status, offsets }) =>
        status === 'Ongoing' && offsets.some((one) => one.group === group && samePartition(one, { topic, partition })),
    )
  }

  /** Deleted topics leave the transactions: those created later by the same names must not get their markers. */
  forgetTopics(isGone: (topic: string) => boolean): void {
    const other = (one: TopicPartition) => !isGone(one.topic)
    for (const [id, known] of this.all()) {
      if (known.partitions.every(other) && known.offsets.every(other)) continue
      this.#set(id, { ...known, partitions: known.partitions.filter(other), offsets: known.offsets.filter(other) })
    }
  }

  close(): void {
    this.#deadlines.cancelAll()
  }

  #extend(speaker: Speaker, added: Parameters<typeof extended>[1]): Code {
    const known = this.#byId.get(speaker.transactionalId)
    const refused = checkSpeaker(known, speaker)
    if (refused !== code.none || known === undefined) return refused
    if (isEnding(known)) return code.concurrentTransactions
    this.#set(speaker.transactionalId, extended(known, added, this.#ground.timers.now()))
    return code.none
  }

  /** Aborts a transaction under a newer epoch, so that its producer can write no more. */
  #fence(id: string, known: Transaction): void {
    this.#finish(id, { ...known, epoch: known.epoch + 1, lastEpoch: -1 }, false)
  }

  #finish(id: string, known: Transaction, commit: boolean): void {
    this.#carryOut(id, this.#set(id, { ...known, status: commit ? 'PrepareCommit' : 'PrepareAbort' }))
  }

  /** Writes what a decided end demands; done twice it does no harm. */
  #carryOut(id: string, decided: Transaction): void {
    const { producerId, epoch } = decided
    const committed = decided.status === 'PrepareCommit'
    for (const { topic, partition } of decided.partitions) {
      this.#ground.log(topic, partition)?.mark({ producerId, epoch, committed }, this.#ground.timers.now())
    }
    for (const { group, topic, partition, committed: offset } of committed ? decided.offsets : []) {
      this.#ground.offsets(group).set(topic, partition, offset)
    }
    const status = committed ? 'CompleteCommit' : 'CompleteAbort'
    this.#set(id, { ...decided, status, partitions: [], groups: [], offsets: [] })
  }

  #set(id: string, next: Transaction): Transaction {
    this.#ground.facts.set('transaction', id, kept(next))
    this.#enter(id, next)
    if (this.#byId.size > maxIds) this.#forgetOldest()
    return next
  }

  /** Its producer can write no more, and its next one gets another id. */
  #forgetOldest(): void {
    for (const [id, { status }] of this.#byId) {
      if (status !== 'Empty' && status !== 'CompleteCommit' && status !== 'CompleteAbort') continue
      this.#byId.delete(id)
      this.#ground.facts.set('transaction', id, undefined)
      return
    }
  }

  /** Takes note of it, and sees to it that it ends. */
  #enter(id: string, next: Transaction): Transaction {
    const before = this.#byId.get(id)?.status
    this.#byId.delete(id) // the map's order is the order of last use
    this.#byId.set(id, next)
    if (next.status === before) return next
    if (next.status === 'Ongoing') this.#endIn(next.timeoutMs, id)
    else if (isEnding(next)) this.#endIn(retryMs, id)
    else this.#deadlines.cancel(id)
    return next
  }

  #endIn(ms: number, id: string): void {
    this.#deadlines.set(id, ms, () => this.#endByItself(id))
  }

  /** Ends what took too long, or an end that was decided and not carried out: until then its readers wait. */
  #endByItself(id: string): void {
    const known = this.#byId.get(id)
    if (known === undefined) return
    try {
      if (known.status === 'Ongoing') this.#fence(id, known)
      if (isEnding(known)) this.#carryOut(id, known)
    } catch (error) {
      this.#endIn(retryMs, id)
      this.#ground.report(`broker: ${id} waits for its end: ${error instanceof Error ? error.message : error}`)
    }
  }
}
