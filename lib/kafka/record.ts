import type { MillraceError } from '../errors.js'

/** A header to produce; text is written as UTF-8. */
export interface OutgoingHeader {
  readonly key: string
  readonly value: Buffer | string | null
}

/** A record to produce. */
export interface Outgoing {
  readonly topic: string
  /** Whether the record asked for its topic itself; else it is that of the sink or producer. */
  readonly hasOwnTopic: boolean
  readonly partition?: number
  /** Chooses the partition among so many. Left out: by the key, or in turns. */
  readonly choose?: (partitions: number) => number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly OutgoingHeader[]
  /** Epoch milliseconds. Left out: when it is sent. */
  readonly timestamp?: number
}

/** Where a record lies, by the broker's word. */
export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  /** -1 in the rare case that the broker has the record, and no longer knows where. */
  readonly offset: number
  /** Epoch milliseconds: as the record has it, or the broker's own time where the topic says so. */
  readonly timestamp: number
}

/** What became of a record. */
export type Delivery =
  | { readonly ok: true; readonly metadata: RecordMetadata }
  | {
      readonly ok: false
      readonly error: MillraceError
      /** No other try will go better: it is the record's own fault. */
      readonly isFinal: boolean
    }

/** A record on its way. */
export class Item {
  readonly record: Outgoing
  readonly signal: AbortSignal | undefined
  /** Epoch milliseconds after which it is given up. */
  readonly deadline: number
  /** It is being sent, or was. */
  isTaken = false
  readonly #told: (delivery: Delivery) => void
  #isSettled = false

  constructor(record: Outgoing, deadline: number, told: (delivery: Delivery) => void, signal: AbortSignal | undefined) {
    this.record = record
    this.deadline = deadline
    this.#told = told
    this.signal = signal
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** The first word counts. */
  settle(delivery: Delivery): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#told(delivery)
  }
}
