import type { RawRecord } from '../event/index.js'
import { type Claimed, keptTime, type OpenRecord } from '../ledger/index.js'
import { comesAgain, type Verdict, type Waiting } from './verdict.js'

/**
 * Open records kept per source partition. At this bound nothing new is started in it; none is forgotten. What runs side by
 * side, at most one batch of a batch handler, may pass it.
 */
export const maxOpen = 1_000

/** The open records of a source partition, as the ledger is known to have them. */
export class Entries {
  readonly #byRecord = new Map<RawRecord, OpenRecord>()
  /** How many there were, and the lowest offset. */
  readonly #before: number
  readonly #lowest: number
  /** Those that are to be recorded beside them. */
  readonly #opened = new Set<RawRecord>()

  /** An entry whose timestamp differs from its record's speaks of another incarnation. */
  constructor({ state, todo }: Claimed) {
    this.#before = state.open.length
    this.#lowest = state.open[0]?.offset ?? 0
    if (state.open.length === 0) return
    const entries = new Map(state.open.map((entry) => [entry.offset, entry]))
    for (const record of todo) {
      const entry = entries.get(record.offset)
      if (entry?.timestamp === keptTime(record.timestamp)) this.#byRecord.set(record, entry)
    }
  }

  get(record: RawRecord): OpenRecord | undefined {
    return this.#byRecord.get(record)
  }

  /** Whether there is room for the record's failure. */
  hasRoomFor(record: RawRecord): boolean {
    const isFull = this.#before + this.#opened.size >= maxOpen
    return !isFull || this.#byRecord.has(record) || record.offset < this.#lowest
  }

  /** Epoch ms before which a record is not run; 0 for at once. */
  dueAt(record: RawRecord): number {
    const entry = this.#byRecord.get(record)
    // What was given up on is not run at all.
    return entry === undefined || entry.givenUp || entry.convicted ? 0 : entry.notBefore
  }

  /** Counts a record in or out, by its latest verdict. */
  judge(record: RawRecord, verdict: Verdict): void {
    if (!comesAgain(verdict)) this.#opened.delete(record)
    else if (!this.#byRecord.has(record)) this.#opened.add(record)
  }

  /** Takes over what a write has recorded. */
  set(record: RawRecord, entry: OpenRecord): void {
    this.#byRecord.set(record, entry)
  }

  /** Whether the ledger has what this verdict says. */
  has(record: RawRecord, verdict: Waiting): boolean {
    const entry = this.#byRecord.get(record)
    if (entry === undefined || entry.notBefore !== verdict.notBefore) return false
    return verdict.status === 'hold' ? entry.holds === verdict.holds : entry.attempts === verdict.failure.attempts
  }
}

/** A verdict that leaves its record unsettled, unless a sink acknowledges it. */
export type Unsettling = Extract<Verdict, { readonly status: 'retry' | 'hold' | 'fail' | 'drop' | 'fallback' }>

/** The entry of a record that failed or was held, and had, or not, one before. A record that is given up on is not run again. */
export function entryAfter(verdict: Unsettling, before: OpenRecord | undefined): OpenRecord {
  const { record, attempts, firstSeen, stage } = verdict.failure
  const { deaths = 0, convicted = false, attempts: spent = 0, holds = 0 } = before ?? {}
  const isPoison = stage === 'decode' || stage === 'validate'
  return {
    offset: record.offset,
    timestamp: keptTime(record.timestamp),
    // Poison has none of its own, and takes none back.
    attempts: Math.max(attempts, spent),
    firstSeen,
    deaths,
    convicted,
    // Poison is found again by decoding it again; a handler's verdict is kept, lest it run behind records that followed it.
    givenUp: verdict.status === 'fallback' && !isPoison && !convicted,
    notBefore: 'notBefore' in verdict ? verdict.notBefore : 0,
    holds: verdict.status === 'hold' ? verdict.holds : holds,
  }
}
