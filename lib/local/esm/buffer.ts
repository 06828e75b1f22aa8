import type { KafkaMessage } from 'kafkajs'
import { type BatchLimits, type Queued, queued, type TakenBatch, takeBatch } from './batch.js'
import { identifierOf, type Records, wireRecord } from './event.js'
import type { Filter } from './filter/index.js'
import type { Offsets } from './kafka.js'
import type { EsmSwitches } from './switches.js'

/** One partition while it is this poller's. */
interface Owned {
  queue: Queued[]
  /** The offset after the last one fetched; undefined until one is known. */
  position: number | undefined
  /** The lowest offset that is taken and not settled. */
  inFlight?: number | undefined
  /** The offset up to which all is settled, and what the group has of it. */
  settled: number | undefined
  committed?: number
  /** Filtered records lie between `settled` and `position` whose commit waits for the next success. */
  withheld?: boolean
  /** Nothing more is read: a record stands in the way that neither an event nor a destination takes. */
  blocked?: boolean
}

/** What a buffer needs to know of its mapping. */
export interface BufferSettings {
  readonly topic: string
  readonly limits: BatchLimits
  readonly filter: Filter | undefined
  readonly switches: Pick<EsmSwitches, 'filteredPollCommits' | 'nullHeader'>
}

/** What one poller has fetched and not yet delivered, by partition, bounded; and how far each partition is settled. */
export class RecordBuffer {
  readonly #settings: BufferSettings
  readonly #owned = new Map<number, Owned>()
  #memberId: string | undefined
  #turn = 0
  #count = 0
  /** Of the queued records as sent, with a comma each. */
  #bytes = 0

  constructor(settings: BufferSettings) {
    this.#settings = settings
  }

  /** Twice a batch is enough to have the next one ready; one fetched block more is let in. */
  get hasRoom(): boolean {
    const { records, bytes } = this.#settings.limits
    return this.#count < 2 * records && this.#bytes < 2 * bytes
  }

  get empty(): boolean {
    return this.#count === 0
  }

  /** Whether a batch closes by number or size now, without waiting for its window. */
  get full(): boolean {
    const { records, bytes, envelopeBytes } = this.#settings.limits
    return this.#count >= records || this.#bytes + envelopeBytes >= bytes
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
    return this.partitions.some((partition) => this.#key(partition) === identifier)
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
      const start = starts.get(partition)
      const owned = this.#owned.get(partition) ?? { queue: [], position: start, settled: start }
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
    const { topic, filter, switches } = this.#settings
    const owned = this.#owned.get(partition)
    if (!owned) return false
    if (owned.blocked) return true
    const passing = filter ? messages.filter(({ value }) => filter(value)) : messages
    for (const message of passing) {
      const one = queued(wireRecord(topic, partition, message, switches.nullHeader), now)
      owned.queue.push(one)
      this.#bytes += one.bytes + 1
    }
    this.#count += passing.length
    owned.position = end
    if (owned.queue.length > 0 || owned.inFlight !== undefined) return true
    // Nothing waits here for a success to be committed with.
    if (messages.length > 0 && switches.filteredPollCommits === 'with-next-success') owned.withheld = true
    if (!owned.withheld) owned.settled = end
    return true
  }

  take(): TakenBatch {
    const all = [...this.#owned.values()]
    const before = all.map(({ queue }) => queue[0]?.record.offset)
    const lengths = all.map(({ queue }) => queue.length)
    // Another partition comes first each time, so that none is always the one that finds no room.
    const first = all.length === 0 ? 0 : this.#turn++ % all.length
    const queues = all.map(({ queue }) => queue)
    const batch = takeBatch([...queues.slice(first), ...queues.slice(0, first)], this.#settings.limits)
    all.forEach((owned, index) => {
      if (owned.queue.length !== lengths[index]) owned.inFlight = before[index]
    })
    // Not counted anew: what waits may be many times a batch.
    this.#count -= batch.left.records
    this.#bytes -= batch.left.bytes + batch.left.records
    return batch
  }

  /** What was taken is settled, but for what is left. */
  settle(left: readonly Records[]): void {
    for (const [partition, owned] of this.#owned) {
      if (owned.inFlight === undefined) continue
      const firsts = left.flatMap((records) => records[this.#key(partition)]?.[0]?.offset ?? [])
      const lowest = firsts.length > 0 ? Math.min(...firsts) : undefined
      if (lowest === owned.inFlight) continue
      owned.inFlight = lowest
      owned.settled = owned.inFlight ?? owned.queue[0]?.record.offset ?? owned.position
      if (owned.inFlight === undefined) owned.withheld = false
    }
  }

  /** Reads nothing of a partition from this offset on, until the partition is assigned anew. */
  block(partition: number, offset: number): void {
    const owned = this.#owned.get(partition)
    if (!owned) return
    Object.assign(owned, { blocked: true, queue: [], position: offset })
    this.#recount()
  }

  /** The offsets up to which all is settled, where the group does not have them yet. */
  uncommitted(): Offsets {
    const offsets: Offsets = new Map()
    for (const [partition, { settled, committed }] of this.#owned) {
      if (settled !== undefined && settled !== committed) offsets.set(partition, settled)
    }
    return offsets
  }

  committed(offsets: Offsets): void {
    for (const [partition, offset] of offsets) {
      const owned = this.#owned.get(partition)
      if (owned) owned.committed = offset
    }
  }

  /** How far partitions are read of which only filtered records are left to commit. */
  withheld(): Offsets {
    const waiting = [...this.#owned].flatMap(([partition, { withheld, queue, position }]) =>
      withheld && queue.length === 0 && position !== undefined ? [[partition, position] as const] : [],
    )
    return new Map(waiting)
  }

  #key(partition: number): string {
    return identifierOf(this.#settings.topic, partition)
  }

  #recount(): void {
    const all = [...this.#owned.values()].flatMap(({ queue }) => queue)
    this.#count = all.length
    this.#bytes = all.reduce((sum, { bytes }) => sum + bytes + 1, 0)
  }
}
