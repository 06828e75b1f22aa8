import type { Facts } from '../disk/index.js'

/** What a group committed for one partition. */
export interface Committed {
  readonly offset: bigint
  readonly leaderEpoch: number
  readonly metadata: string | null
}

/** The committed offsets of one group. */
export class Offsets {
  readonly #topics = new Map<string, Map<number, Committed>>()
  readonly #groupId: string
  readonly #facts: Facts

  constructor(groupId: string, facts: Facts) {
    this.#groupId = groupId
    this.#facts = facts
  }

  get empty(): boolean {
    return this.#topics.size === 0
  }

  get(topic: string, partition: number): Committed | undefined {
    return this.#topics.get(topic)?.get(partition)
  }

  set(topic: string, partition: number, committed: Committed): void {
    const { offset, leaderEpoch, metadata } = committed
    this.#facts.set('offset', factKey(this.#groupId, topic, partition), [String(offset), leaderEpoch, metadata])
    this.#put(topic, partition, committed)
  }

  remove(topic: string, partition: number): void {
    const partitions = this.#topics.get(topic)
    if (!partitions?.delete(partition)) return
    this.#facts.set('offset', factKey(this.#groupId, topic, partition), undefined)
    if (partitions.size === 0) this.#topics.delete(topic)
  }

  /** A deleted topic takes its offsets along: they would mislead readers of one created later by the same name. */
  forget(topic: string): void {
    for (const partition of [...(this.#topics.get(topic)?.keys() ?? [])]) this.remove(topic, partition)
  }

  forgetAll(): void {
    for (const topic of [...this.#topics.keys()]) this.forget(topic)
  }

  all(): { topic: string; partitions: number[] }[] {
    return [...this.#topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions.keys()] }))
  }

  /** The offsets that an earlier process has left, by group. */
  static restored(facts: Facts): Map<string, Offsets> {
    const groups = new Map<string, Offsets>()
    for (const [key, kept] of facts.all('offset')) {
      const [groupId, topic, partition] = JSON.parse(key) as FactKey
      const [offset, leaderEpoch, metadata] = kept as Kept
      const offsets = groups.get(groupId) ?? new Offsets(groupId, facts)
      offsets.#put(topic, partition, { offset: BigInt(offset), leaderEpoch, metadata })
      groups.set(groupId, offsets)
    }
    return groups
  }

  #put(topic: string, partition: number, committed: Committed): void {
    const partitions = this.#topics.get(topic) ?? new Map<number, Committed>()
    this.#topics.set(topic, partitions.set(partition, committed))
  }
}

type FactKey = readonly [groupId: string, topic: string, partition: number]
type Kept = readonly [offset: string, leaderEpoch: number, metadata: string | null]

const factKey = (...parts: FactKey): string => JSON.stringify(parts)
