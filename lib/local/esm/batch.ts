import type { WireRecord } from '../../event/index.js'
import { identifierOf, jsonBytes, type Records, recordBytes } from './event.js'

/** A fetched record that waits for its batch. */
export interface Queued {
  readonly record: WireRecord
  /** Of its JSON as sent. */
  readonly bytes: number
  /** Epoch milliseconds. */
  readonly arrivedAt: number
}

export interface BatchLimits {
  /** Most records of one batch. */
  readonly records: number
  /** Most bytes of the whole event. */
  readonly bytes: number
  /** Bytes of the event without any record. */
  readonly envelopeBytes: number
}

export interface TakenBatch {
  /** Empty when every record at hand was too large. */
  readonly records: Records
  /** Records that no event can carry. */
  readonly oversized: readonly WireRecord[]
  /** All that left the queues. */
  readonly left: { readonly records: number; readonly bytes: number }
}

export const queued = (record: WireRecord, arrivedAt: number): Queued => ({
  record,
  bytes: recordBytes(record),
  arrivedAt,
})

/**
 * Takes the next batch off the queues, one queue per partition: records of several partitions in one event, each
 * partition's in order, the room shared fairly. Stops at the first record that does not fit any more.
 */
export function takeBatch(queues: readonly Queued[][], limits: BatchLimits): TakenBatch {
  const draft = new Draft(limits)
  const taken = queues.map(() => 0)
  let open = queues.map((_, index) => index).filter((index) => queues[index]?.length)
  while (open.length > 0 && !draft.full) {
    const share = Math.max(1, Math.floor(draft.room / open.length))
    open = open.filter((index) => {
      const queue = queues[index] ?? []
      const from = taken[index] ?? 0
      const count = draft.take(queue, from, share)
      taken[index] = from + count
      return count === share && from + count < queue.length
    })
  }
  const gone = queues.flatMap((queue, index) => queue.splice(0, taken[index] ?? 0))
  const left = { records: gone.length, bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0) }
  return { records: draft.records, oversized: draft.oversized, left }
}

/** A batch in the making. Its size is that of the JSON, commas and keys included. */
class Draft {
  readonly records: Records = {}
  readonly oversized: WireRecord[] = []
  readonly #limits: BatchLimits
  #bytes: number
  #count = 0
  #closed = false

  constructor(limits: BatchLimits) {
    this.#limits = limits
    this.#bytes = limits.envelopeBytes
  }

  get room(): number {
    return this.#limits.records - this.#count
  }

  get full(): boolean {
    return this.#closed || this.room === 0
  }

  /** Takes up to `most` records of a queue from `from` on, and tells how many: fewer when the partition or the batch ends there. */
  take(queue: readonly Queued[], from: number, most: number): number {
    let count = 0
    while (count < most && !this.full) {
      const next = queue[from + count]
      if (!next || !this.#add(next)) break
      count++
    }
    return count
  }

  #add({ record, bytes }: Queued): boolean {
    const key = identifierOf(record.topic, record.partition)
    const list = this.records[key]
    const last = list?.at(-1)
    // Offsets that fall are those of a recreated topic, which shares no event with the old one.
    if (last && last.offset >= record.offset) return false
    const listBytes = list ? 0 : jsonBytes(key) + ':[]'.length
    if (this.#limits.envelopeBytes + listBytes + bytes > this.#limits.bytes) {
      this.oversized.push(record)
      return true
    }
    const comma = list || this.#count > 0 ? 1 : 0
    const more = listBytes + comma + bytes
    if (this.#bytes + more > this.#limits.bytes) {
      this.#closed = true
      return false
    }
    if (list) list.push(record)
    else this.records[key] = [record]
    this.#bytes += more
    this.#count++
    return true
  }
}
