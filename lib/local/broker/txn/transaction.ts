import type { Committed } from '../group/offsets.js'
import { type Code, code } from '../wire/codes.js'

/**
 * How far a transaction is. `PrepareCommit` and `PrepareAbort`: its end is decided and only has to be carried out, which
 * whoever finds it so after a crash does again.
 */
export type Status = 'Empty' | 'Ongoing' | 'PrepareCommit' | 'PrepareAbort' | 'CompleteCommit' | 'CompleteAbort'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** An offset to commit for a group if the transaction is committed. */
export interface PendingOffset extends TopicPartition {
  readonly group: string
  readonly committed: Committed
}

/** What is known of one transactional id: plain data, replaced as a whole. */
export interface Transaction {
  readonly producerId: bigint
  readonly epoch: number
  /** before the last bump that the producer itself asked for; -1 if it did not */
  readonly lastEpoch: number
  readonly timeoutMs: number
  readonly status: Status
  /** epoch milliseconds at which the transaction under way began */
  readonly startedAt: number
  readonly partitions: readonly TopicPartition[]
  readonly groups: readonly string[]
  readonly offsets: readonly PendingOffset[]
}

/** Who speaks for a transactional id. */
export interface Speaker {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly epoch: number
}

/** Beyond it a producer gets another id, so that there is always an epoch left to fence it with. */
const lastUsableEpoch = 32_766

/** A new producer for a transactional id: another id, or the known one with the next epoch, which fences the former. */
export function nextProducer(
  known: Transaction | undefined,
  timeoutMs: number,
  newProducerId: () => bigint,
  lastEpoch = -1,
): Transaction {
  const again = known !== undefined && known.epoch < lastUsableEpoch
  const producerId = again ? known.producerId : newProducerId()
  const epoch = again ? known.epoch + 1 : 0
  const nothing = { startedAt: 0, partitions: [], groups: [], offsets: [] }
  return { producerId, epoch, lastEpoch: again ? lastEpoch : -1, timeoutMs, status: 'Empty', ...nothing }
}

/** The code that refuses a speaker, if it is not the producer that the transactional id has now. */
export function checkSpeaker(known: Transaction | undefined, { producerId, epoch }: Speaker): Code {
  if (known === undefined || known.producerId !== producerId) return code.invalidProducerIdMapping
  return known.epoch === epoch ? code.none : code.producerFenced
}

export function isEnding({ status }: Transaction): boolean {
  return status === 'PrepareCommit' || status === 'PrepareAbort'
}

/** The transaction with more in it; the first addition begins it. */
export function extended(
  known: Transaction,
  added: Partial<Pick<Transaction, 'partitions' | 'groups' | 'offsets'>>,
  now: number,
): Transaction {
  const under = known.status === 'Ongoing'
  const { partitions = [], groups = [], offsets = [] } = added
  const before = under ? known : { startedAt: now, partitions: [], groups: [], offsets: [] }
  return {
    ...known,
    status: 'Ongoing',
    startedAt: before.startedAt,
    partitions: lastOfEach([...before.partitions, ...partitions], placeKey),
    groups: [...new Set([...before.groups, ...groups])],
    offsets: lastOfEach([...before.offsets, ...offsets], (one) => `${placeKey(one)}/${one.group}`),
  }
}

/** No topic has a slash in its name. */
const placeKey = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`

function lastOfEach<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item] as const)).values()]
}

export function samePartition(one: TopicPartition, other: TopicPartition): boolean {
  return one.partition === other.partition && one.topic === other.topic
}

/** What the end of a transaction that has ended, or is about to, says to a producer that asks for one. */
export function answerEnd(status: Status, commit: boolean): Code {
  const [same, underWay] = commit
    ? (['CompleteCommit', 'PrepareCommit'] as const)
    : (['CompleteAbort', 'PrepareAbort'] as const)
  if (status === same) return code.none // a repetition: the answer to the first was lost
  return status === underWay ? code.concurrentTransactions : code.invalidTxnState
}
