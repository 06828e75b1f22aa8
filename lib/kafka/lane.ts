import { encodeBatch, type Identity, sizeOf, stamp } from './batch.js'
import type { Pace } from './pace.js'
import type { Item } from './record.js'
import type { Part } from './wire.js'

/** Bytes of a batch, except of one record that is larger: below Kafka's default max.message.bytes. */
const batchBytes = 1_000_000

/** Records that are written together, or none of them. */
export interface Batch {
  readonly items: readonly Item[]
  /** Epoch milliseconds; of records without a time. */
  time: number
  bytes?: Buffer
  /** Who has sent it: another producer would have it written twice, if it was. */
  identity: Identity | undefined
}

const newBatch = (items: readonly Item[]): Batch => ({ items, time: 0, identity: undefined })

/** What is to go to one partition, in its order: one batch at a time, and none before the one ahead of it is settled. */
export class Lane {
  readonly topic: string
  readonly partition: number
  /** Why its first batch was not written when it was tried last. */
  reason: Error | undefined
  /** Its first batch may have been written, though nothing says so. */
  isInDoubt = false
  #open: Item[] = []
  #openBytes = 0
  readonly #batches: Batch[] = []

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get name(): string {
    return `${this.topic}:${this.partition}`
  }

  add(item: Item): void {
    const bytes = sizeOf(item.record)
    if (this.#open.length > 0 && this.#openBytes + bytes > batchBytes) this.#cut()
    this.#open.push(item)
    this.#openBytes += bytes
  }

  #cut(): void {
    if (this.#open.length > 0) this.#batches.push(newBatch(this.#open))
    this.#open = []
    this.#openBytes = 0
  }

  /** The batch whose turn it is; undefined when all is settled. */
  get first(): Batch | undefined {
    if (this.#batches.length === 0) this.#cut()
    return this.#batches[0]
  }

  /** The first batch, by this producer. Repeated, it is byte for byte the same, unless brokers have forgotten who sent it. */
  async part(identity: Identity, now: number, pace: Pace): Promise<Part> {
    const batch = this.first ?? newBatch([])
    if (batch.bytes === undefined) {
      batch.time = now
      const records = batch.items.map(({ record }) => record)
      batch.bytes = await encodeBatch(records, now, pace)
    }
    batch.identity ??= identity
    const { id, epoch, sequences } = batch.identity
    stamp(batch.bytes, { id, epoch, sequence: sequences.get(this.name) ?? 0 })
    return { topic: this.topic, partition: this.partition, bytes: batch.bytes }
  }

  /** The first batch is settled: goes on to the next. */
  next(): void {
    this.#batches.shift()
    this.reason = undefined
    this.isInDoubt = false
  }

  /** Parts the first batch in two, to find the record that cannot be written. */
  halve(): void {
    const items = this.#batches.shift()?.items ?? []
    const half = Math.ceil(items.length / 2)
    this.#batches.unshift(newBatch(items.slice(0, half)), newBatch(items.slice(half)))
    this.isInDoubt = false
  }

  /** All that is not settled, the first batch included. */
  rest(): readonly Item[] {
    this.#cut()
    return this.#batches.flatMap(({ items }) => items)
  }
}
