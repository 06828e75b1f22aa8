import type { Table } from '../../table/index.js'
import type { Entry } from '../contest.js'
import {
  afterSegments,
  append,
  graceMs,
  groupsOf,
  type KeyGroup,
  readSegment,
  type Segment,
  segmentKey,
  writeSegment,
} from './segment.js'

/** A source partition's place in Kafka, and in the table. */
export interface Place {
  readonly topic: string
  readonly partition: number
  readonly pk: string
}

interface Kept {
  readonly offset: number
  readonly timestamp: number
  readonly since: number
}

/**
 * The keys of one source partition as one environment knows them.
 *
 * Invariant: it holds the keys of every segment up to `last` as that was at its version. Whatever others have written since
 * then is found by a swap on it that fails, or by reading from it on: nobody begins another segment before it is full.
 * That holds only while `last` cannot have been deleted: after that everything is read anew.
 */
export class KeyMemory {
  readonly #place: Place
  readonly #table: Table
  readonly #ttlMs: number
  /** In the order in which they were taken. */
  readonly #keys = new Map<string, Kept>()
  #last: Segment | undefined

  constructor(place: Place, table: Table, ttlMs: number) {
    this.#place = place
    this.#table = table
    this.#ttlMs = ttlMs
  }

  /** Whether what is held is still true, but for what others have added. */
  isTrusted(now: number): boolean {
    return this.#last !== undefined && !areExpired(this.#last, now)
  }

  /** Reads what others have added, or everything. */
  async refresh(now: number): Promise<void> {
    const { pk } = this.#place
    const from = this.isTrusted(now) ? this.#last?.number : undefined
    const segments: Segment[] = []
    for await (const item of this.#table.falling(pk, segmentKey(from ?? 0), afterSegments)) {
      const segment = readSegment(item)
      segments.push(segment)
      // What stands before it is older still; DynamoDB takes its time to delete it.
      if (areExpired(segment, now)) break
    }
    if (from === undefined) {
      this.#keys.clear()
      this.#last = undefined
    }
    for (const segment of segments.toReversed()) {
      for (const group of groupsOf(segment)) this.#keep(group)
      this.#last = segment
    }
    this.#forget(now)
  }

  entry(id: string): Entry | undefined {
    const kept = this.#keys.get(id)
    if (kept === undefined) return undefined
    const { topic, partition } = this.#place
    return { owner: { topic, partition, ...kept }, expires: kept.since + this.#ttlMs }
  }

  /** The write that adds keys, and what to do when it has been applied. */
  add(group: KeyGroup): { readonly write: ReturnType<typeof writeSegment>; applied(): void } {
    const segment = append(this.#last, group, group.since + this.#ttlMs + graceMs)
    return {
      write: writeSegment(this.#place.pk, segment),
      applied: () => {
        this.#keep(group)
        this.#last = segment
        this.#forget(group.since)
      },
    }
  }

  #keep({ since, keys }: KeyGroup): void {
    for (const { id, offset, timestamp } of keys) {
      const known = this.#keys.get(id)
      if (known?.offset === offset && known.timestamp === timestamp && known.since === since) continue
      this.#keys.delete(id)
      this.#keys.set(id, { offset, timestamp, since })
    }
  }

  /** The oldest keys stand first. */
  #forget(now: number): void {
    for (const [id, { since }] of this.#keys) {
      if (since + this.#ttlMs > now) return
      this.#keys.delete(id)
    }
  }
}

/** Whether all keys of a segment have outlived their time. */
const areExpired = ({ deleted }: Segment, now: number): boolean => deleted - graceMs <= now
