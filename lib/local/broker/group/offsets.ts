/** What a group committed for one partition. */
export interface Committed {
  readonly offset: bigint
  readonly leaderEpoch: number
  readonly metadata: string | null
}

/** The committed offsets of one group. */
export class Offsets {
  readonly #topics = new Map<string, Map<number, Committed>>()

  get empty(): boolean {
    return this.#topics.size === 0
  }

  get(topic: string, partition: number): Committed | undefined {
    return this.#topics.get(topic)?.get(partition)
  }

  set(topic: string, partition: number, committed: Committed): void {
    const partitions = this.#topics.get(topic) ?? new Map<number, Committed>()
    this.#topics.set(topic, partitions.set(partition, committed))
  }

  /** A deleted topic takes its offsets along: they would mislead readers of one created later by the same name. */
  forget(topic: string): void {
    this.#topics.delete(topic)
  }

  all(): { topic: string; partitions: number[] }[] {
    return [...this.#topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions.keys()] }))
  }
}
