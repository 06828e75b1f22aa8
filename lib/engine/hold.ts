import type { RawRecord } from '../event/index.js'
import type { AtomicWrite, Claimed, Disposed, Marker, Recorded } from '../ledger/index.js'
import type { Acknowledgement, SinkRecord } from '../sink/index.js'
import { disposed, pending, settled } from './disposed.js'
import { Entries, entryAfter } from './entries.js'
import { type LaneId, laneOf, type Order } from './lanes.js'
import { everything, nothing, type Records } from './record-sets.js'
import { comesAgain, type Verdict, type Waiting } from './verdict.js'
import { Verdicts } from './verdicts.js'

/** A claimed source partition under way: what its records have come to, and what of it is recorded. */
export class Hold {
  readonly claimed: Claimed
  readonly verdicts: Verdicts
  readonly entries: Entries
  readonly acknowledged = new Map<RawRecord, Acknowledgement>()
  /** Writes declared by records that went well, not committed yet. */
  readonly effects = new Map<RawRecord, readonly AtomicWrite[]>()
  /** Outputs of records that went well, not acknowledged yet. */
  readonly unwritten = new Map<RawRecord, readonly SinkRecord[]>()
  /** Offsets that checkpoints have settled, with when (epoch ms): nothing undoes that. */
  readonly recorded = new Map<number, number>()
  /** Offsets of records that were started, where none may be started twice. */
  readonly started = new Set<number>()
  /** Offsets of abandoned records whose report is acknowledged. */
  readonly abandoned: number[] = []
  /** Verdicts on records that were run again. */
  readonly superseded: Waiting[] = []
  /** Epoch ms at which the first is due of what was left; Infinity: nothing was. */
  leftUntil = Number.POSITIVE_INFINITY
  /** What the last write has recorded, once the claim is given back. */
  settledAs: readonly Disposed[] | undefined
  /** Epoch ms, as last confirmed. */
  leaseEnd: number
  /** Somebody else has it: nothing more is started or written (rule 4). */
  stale = false
  /** A write of effects may have been applied or not. */
  isLost = false
  /** What runs alone just now. */
  marker: Marker | null = null
  readonly #order: Order
  /** Null where all of the batch is to be done. */
  readonly #todo: ReadonlySet<RawRecord> | null
  readonly #blocked = new Set<LaneId>()

  constructor(claimed: Claimed, order: Order) {
    this.claimed = claimed
    this.verdicts = new Verdicts(claimed.partition.records)
    this.leaseEnd = claimed.leaseEnd
    this.#order = order
    this.#todo = claimed.todo.length === claimed.partition.records.length ? null : new Set(claimed.todo)
    this.entries = new Entries(claimed)
  }

  /** What is to be run and has not been. */
  unjudged(): readonly RawRecord[] {
    const { todo } = this.claimed
    return this.verdicts.size === 0 ? todo : todo.filter((record) => !this.verdicts.has(record))
  }

  /** Whether a record may be started: in its lane's turn, under a lease that is known to last, with room for its failure. */
  mayStart(record: RawRecord, now: number): boolean {
    if (this.stale || now >= this.leaseEnd || this.isBlocked(record)) return false
    if (this.entries.hasRoomFor(record)) return true
    this.block(record)
    return false
  }

  /** A record that is not due is left to a later invocation, with its lane. */
  leave(record: RawRecord): void {
    this.block(record)
    this.leftUntil = Math.min(this.leftUntil, this.entries.dueAt(record))
  }

  /** Keeps a record's verdict. One that has to come again stops its lane. */
  judge(record: RawRecord, verdict: Verdict): void {
    this.verdicts.set(record, verdict)
    this.entries.judge(record, verdict)
    if (comesAgain(verdict)) this.block(record)
  }

  /** Lets a record run again, and its lane go on; not where something ahead of it in its lane has failed since. */
  reopen(record: RawRecord, verdict: Waiting): boolean {
    if (this.stale || this.verdicts.get(record) !== verdict) return false
    this.verdicts.delete(record)
    this.#blocked.delete(laneOf(record, this.#order))
    this.superseded.push(verdict)
    return true
  }

  /** Whether its lane is stopped. */
  isBlocked(record: RawRecord): boolean {
    return this.#blocked.size > 0 && this.#blocked.has(laneOf(record, this.#order))
  }

  /** No later record of its lane is started. */
  block(record: RawRecord): void {
    this.#blocked.add(laneOf(record, this.#order))
  }

  /**
   * The effects of a record that had gone well were refused, or its outputs: it fails instead. Where it has to come again, what
   * ran behind it in its lane has not been.
   */
  revoke(record: RawRecord, verdict: Verdict): void {
    this.#forget(record)
    this.judge(record, verdict)
    if (!comesAgain(verdict)) return
    const lane = laneOf(record, this.#order)
    for (const later of this.claimed.todo) {
      if (later.offset <= record.offset || laneOf(later, this.#order) !== lane) continue
      this.verdicts.delete(later)
      this.#forget(later)
    }
  }

  #forget(record: RawRecord): void {
    this.effects.delete(record)
    this.unwritten.delete(record)
  }

  /**
   * The batch's records with what is to be recorded of each. A record waits for its outputs to be acknowledged and its effects to
   * be committed (or to be so with this very write, `committing`), and for those before it in its lane.
   */
  dispositions(committing: Records = nothing): Disposed[] {
    const waiting = new Set<LaneId>()
    return this.claimed.partition.records.map((record) => {
      if (this.#todo?.has(record) === false) return disposed(record, settled)
      if (this.effects.size + this.unwritten.size > 0) {
        const lane = laneOf(record, this.#order)
        if (this.#isWaiting(record, committing)) waiting.add(lane)
        if (waiting.has(lane)) return disposed(record, pending)
      }
      return disposed(record, this.#dispositionOf(record, committing))
    })
  }

  /** Nothing is decided yet of what was not settled before; but, if asked for, what failed or is held. */
  undecided(exceptWaiting = false): Disposed[] {
    return this.claimed.partition.records.map((record) => {
      const verdict = exceptWaiting ? this.verdicts.get(record) : undefined
      if (verdict !== undefined && comesAgain(verdict)) return disposed(record, this.#dispositionOf(record, nothing))
      return disposed(record, this.#todo?.has(record) === false ? settled : pending)
    })
  }

  /** Whether all of it can be settled by the write that commits these effects. */
  isComplete(committing: Records): boolean {
    return !this.stale && this.dispositions(committing).every(({ disposition }) => disposition.kind === 'settled')
  }

  /** Nothing counts any more, because something has to come again; but what was given up on is not run once more. */
  fail(): void {
    for (const [record, { status }] of this.verdicts) {
      if (status === 'fallback' && this.acknowledged.get(record)?.ok) this.acknowledged.delete(record)
      else if (status === 'ok' || status === 'drop' || status === 'duplicate') this.verdicts.delete(record)
    }
    this.effects.clear()
    this.unwritten.clear()
  }

  /** Whether a write of effects was applied is not known, so nothing more is written: it could make them a second time. */
  lose(): void {
    this.isLost = true
    this.stale = true
  }

  /** Takes over what a checkpoint has found of the claim, and has recorded. */
  follow(result: Recorded, records: readonly Disposed[], now: number): void {
    if (result.kind === 'written') {
      this.leaseEnd = result.leaseEnd
      for (const [i, { offset, disposition }] of records.entries()) {
        const record = this.claimed.partition.records[i]
        if (disposition.kind === 'settled' && !this.recorded.has(offset)) this.recorded.set(offset, now)
        if (disposition.kind === 'open' && record !== undefined) this.entries.set(record, disposition.entry)
      }
    } else if (result.kind === 'stale') this.stale = true
  }

  /** Whether a record of this hold is settled, or will be by the write that commits these effects. */
  isSettled(record: RawRecord, committing: Records): boolean {
    if (this.stale || this.#isWaiting(record, committing)) return false
    return this.#dispositionOf(record, committing).kind === 'settled'
  }

  #isWaiting(record: RawRecord, committing: Records): boolean {
    if (this.unwritten.has(record)) return committing !== everything
    return this.effects.has(record) && !committing.has(record)
  }

  #dispositionOf(record: RawRecord, committing: Records): Disposed['disposition'] {
    const verdict = this.verdicts.get(record)
    if (verdict === undefined) return pending
    if (verdict.status === 'ok' || verdict.status === 'drop') return settled
    if (verdict.status === 'duplicate') return verdict.isSettled(committing) ? settled : pending
    if (verdict.status === 'fallback' && this.acknowledged.get(record)?.ok) return settled
    return { kind: 'open', entry: entryAfter(verdict, this.entries.get(record)) }
  }
}
