import type { KafkaMessage } from 'kafkajs'
import { type BatchLimits, type Queued, queued, type TakenBatch, takeBatch } from './batch.js'
import { identifierOf, wireRecord } from './event.js'
import type { Offsets } from './kafka.js'

/** One partition while it is this poller's. */
interface Owned {
  readonly queue: Queued[]
  /** The offset after the last one fetched; undefined until one is known. */
  position: number | undefined
  committed: number | undefined
}

/**
 * What one poller has fetched and not yet delivered, by partition, bounded. As one batch is in flight at a time, all that was
 * taken is settled whenever {@link Buffer.uncommitted} is asked between two batches.
 */
export class RecordBuffer {
  readonly #topic: string
  readonly #limits: BatchLimits
  readonly #owned = new Map<number, Owned>()
  #memberId: string | undefined
  #turn = 0
  #count = 0
  /** Of the queued records as sent, with a comma each. */
  #bytes = 0

  constructor(topic: string, limits: BatchLimits) {
    this.#topic = topic
    this.#limits = limits
  }

  /** Twice a batch is enough to have the next one ready; one fetched block more is let in. */
  get hasRoom(): boolean {
    return this.#count < 2 * this.#limits.records && this.#bytes < 2 * this.#limits.bytes
  }

  get empty(): boolean {
    return this.#count === 0
  }

  /** Whether a batch closes by number or size now, without waiting for its window. */
  get full(): boolean {
    return this.#count >= this.#limits.records || this.#bytes + this.#limits.envelopeBytes >= this.#limits.bytes
  }

  /** When the oldest record at hand came, in epoch milliseconds. */
  get oldestArrival(): number {
    const firsts = [...this.#owned.values()].flatMap(({ queue }) => queue[0]?.arrivedAt ?? [])
    return Math.min(...firsts)
  }

  /** The partitions that are this poller's, in order. */
  get partitions(): readonly number[] {
    return [...this.#owned.keys()].sort((a, b) => a - b)
  }

  owns(identifier: string): boolean {
    return this.partitions.some((partition) => identifierOf(this.#topic, partition) === identifier)
  }

  /**
   * The group gave out its partitions anew. What is no longer ours is dropped, it will be delivered elsewhere; what stays is
   * read on from where we are. A member with a new id had lost everything in between.
   *
   * @returns where to read on, for the partitions where the client would not know it
   */
  assign(memberId: string, partitions: readonly number[], starts: Offsets): Offsets {
    if (memberId !== this.#memberId) this.#owned.clear()
    this.#memberId = memberId
    for (const partition of this.#owned.keys()) if (!partitions.includes(partition)) this.#owned.delete(partition)
    const seeks: Offsets = new Map()
    for (const partition of partitions) {
      const owned = this.#owned.get(partition) ?? { queue: [], position: starts.get(partition), committed: undefined }
      this.#owned.set(partition, owned)
      if (owned.position !== undefined) seeks.set(partition, owned.position)
    }
    this.#recount()
    return seeks
  }

  /** Forgets everything: the client lost its membership. */
  clear(): void {
    this.#owned.clear()
    this.#memberId = undefined
    this.#recount()
  }

  /** Takes in a fetched block; `end` is the offset after it, what the client filtered included. False when it is not ours. */
  add(partition: number, messages: readonly KafkaMessage[], end: number, now: number): boolean {
    const owned = this.#owned.get(partition)
    if (!owned) return false
    for (const message of messages) {
      const one = queued(wireRecord(this.#topic, partition, message), now)
      owned.queue.push(one)
      this.#bytes += one.bytes + 1
    }
    this.#count += messages.length
    owned.position = end
    return true
  }

  take(): TakenBatch {
    const queues = [...this.#owned.values()].map(({ queue }) => queue)
    // Another partition comes first each time, so that none is always the one that finds no room.
    const first = queues.length === 0 ? 0 : this.#turn++ % queues.length
    const batch = takeBatch([...queues.slice(first), ...queues.slice(0, first)], this.#limits)
    this.#recount()
    return batch
  }

  /** The offsets of the first records not settled, where the group does not have them yet. Only between two batches. */
  uncommitted(): Offsets {
    const offsets: Offsets = new Map()
    for (const [partition, { queue, position, committed }] of this.#owned) {
      const next = queue[0]?.record.offset ?? position
      if (next !== undefined && next !== committed) offsets.set(partition, next)
    }
    return offsets
  }

  committed(offsets: Offsets): void {
    for (const [partition, offset] of offsets) {
      const owned = this.#owned.get(partition)
      if (owned) owned.committed = offset
    }
  }

  #recount(): void {
    const all = [...this.#owned.values()].flatMap(({ queue }) => queue)
    this.#count = all.length
    this.#bytes = all.reduce((sum, { bytes }) => sum + bytes + 1, 0)
  }
}
