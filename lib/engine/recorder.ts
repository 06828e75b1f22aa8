import { asError, MillraceError } from '../errors.js'
import type { Committed, Disposed, Holder, Marker, Progress, Recorded } from '../ledger/index.js'
import { acknowledge } from './acknowledge.js'
import { type Chunk, writesOf } from './chunks.js'
import { settledIfStarted } from './disposed.js'
import { type Committing, commitInChunks, commitWhole, failAfterwards } from './effects.js'
import type { Engine } from './engine.js'
import { handOverAll } from './hand-over.js'
import type { Hold } from './hold.js'
import { allEnded, Turns } from './turns.js'

/** Writes to the ledger what holds have come to: sinks first, effects with the settle of their records, one write at a time. */
export class Recorder {
  readonly #engine: Engine
  readonly #holder: Holder
  readonly #sinkSignal: AbortSignal
  readonly #writes = new Turns()
  /** To sinks: nothing is under way twice. */
  readonly #handOvers = new Turns()
  #isBreached = false
  /** A checkpoint that waits for the write before it. */
  #due: Promise<void> | undefined

  constructor(engine: Engine, holder: Holder, sinkSignal: AbortSignal) {
    this.#engine = engine
    this.#holder = holder
    this.#sinkSignal = sinkSignal
  }

  /**
   * Records what is done and renews the leases. One that waits for the write before it records all that is done by then, for all
   * who ask. A failure is logged: without a lease nothing more is started.
   */
  async checkpoint(holds: readonly Hold[]): Promise<void> {
    // Leases are renewed also while a sink takes its time: what it has not acknowledged waits for a later write.
    if (this.#handOvers.pending === 0) await this.#handOverDone(holds)
    this.#due ??= this.#writes
      .run(async () => {
        this.#due = undefined
        await this.#checkpoint(holds)
      })
      .catch(this.#warned('no checkpoint: nothing is started once the lease is over'))
    await this.#due
  }

  /**
   * Records what has failed or is held, and nothing else: what is settled in the middle of a batch by lanes side by side would be
   * many intervals, for which the ledger would have to forget others. A failure is logged.
   */
  async recordWaiting(holds: readonly Hold[]): Promise<void> {
    const recorded = this.#writes.run(() => this.#record(holds, (hold) => hold.undecided(true), false))
    await recorded.catch(this.#warned('failures not recorded: their records do not run again before the next delivery'))
  }

  /**
   * Checkpoints a hold with what runs alone next in it; null: nothing does.
   *
   * @throws MillraceError `ML_STORE_UNREACHABLE` when that cannot be confirmed: nothing may run under a marker that is not its own
   */
  async mark(hold: Hold, marker: Marker | null): Promise<void> {
    await this.#handOverDone([hold])
    await this.#writes.run(async () => {
      hold.marker = marker
      const [result] = await this.#checkpoint([hold])
      if (result?.kind !== 'unknown' && !hold.isLost) return
      throw new MillraceError(
        'ML_STORE_UNREACHABLE',
        'DynamoDB did not confirm a marker in 8 tries; the batch comes again',
      )
    })
  }

  /**
   * Has sinks take all that is done, while leases are still renewed: those of others take their time.
   *
   * @throws MillraceError `ML_HANDLER_PENDING` for what no record has started
   */
  async handOver(holds: readonly Hold[]): Promise<void> {
    await this.#writes.run(async () => {
      // A checkpoint that still waits settles nothing of a batch that fails.
      this.#isBreached = true
      await this.#failLate(holds, 'ended')
      this.#isBreached = false
    })
    await this.#handOvers.run(() => handOverAll(this.#engine, holds, this.#sinkSignal))
  }

  /** Records everything that is handed over, and gives the claims back. */
  async settle(holds: readonly Hold[]): Promise<void> {
    await this.#writes.run(async () => {
      const { atomicity } = this.#engine
      const committing = this.#committing()
      if (atomicity === 'record') await allEnded(holds.map((hold) => commitInChunks(committing, hold, true)))
      else if (atomicity === 'partition') await allEnded(holds.map((hold) => commitWhole(committing, [hold], false)))
      else await commitWhole(committing, holds, holds.length > 1)
      await this.#record(holds, (hold) => hold.dispositions(), true)
    })
  }

  /** Gives the claims back with nothing more settled than checkpoints have; the whole batch comes again. */
  async giveBack(holds: readonly Hold[]): Promise<void> {
    // Nothing is under way to a sink once the claim may be another's.
    await this.#handOvers.run(async () => {})
    await this.#writes.run(async () => {
      await this.#record(holds, (hold) => hold.undecided(), true)
    })
  }

  /** What a handler had not awaited has failed: its record has, too, unless a checkpoint has settled it already. */
  async #failLate(holds: readonly Hold[], handlers: 'running' | 'ended'): Promise<void> {
    for (const [record, error] of (await this.#engine.late?.(handlers)) ?? []) {
      const status = holds.find(({ verdicts }) => verdicts.has(record))?.verdicts.get(record)?.status
      const isRecorded = holds.some(
        ({ claimed, recorded }) => claimed.todo.includes(record) && recorded.has(record.offset),
      )
      if (!isRecorded && (status === 'ok' || status === 'drop')) failAfterwards(this.#engine, holds, record, error)
    }
  }

  /** What is done by now. What succeeds or fails as one is written at the end alone, and nothing of a batch that is to fail. */
  async #handOverDone(holds: readonly Hold[]): Promise<void> {
    if (this.#engine.atomicity !== 'record') return
    await this.#handOvers.run(async () => {
      const fails = await this.#failLate(holds, 'running').catch(() => true)
      if (fails !== true) await handOverAll(this.#engine, holds, this.#sinkSignal)
    })
  }

  #acknowledge(holds: readonly Hold[]): Promise<void> {
    return this.#handOvers.run(() => acknowledge(this.#engine, holds, this.#sinkSignal))
  }

  async #checkpoint(holds: readonly Hold[]): Promise<readonly Recorded[]> {
    // What succeeds or fails as one is recorded at the end alone; until then leases are renewed.
    const renew = () => this.#record(holds, (hold) => hold.undecided(), false)
    if (this.#engine.atomicity !== 'record' || this.#isBreached) return renew()
    try {
      await this.#failLate(holds, 'running')
    } catch {
      // The batch is to fail, and the settle will say of what; nothing more of it is settled until then.
      return renew()
    }
    const committing = this.#committing()
    await allEnded(holds.map((hold) => commitInChunks(committing, hold, false)))
    return this.#record(holds, (hold) => hold.dispositions(), false)
  }

  #committing(): Committing {
    return {
      engine: this.#engine,
      progress: (hold, records, final) => this.#progress(hold, records, final),
      commit: (holds, progress, chunk) => this.#commit(holds, progress, chunk),
      acknowledge: (holds) => this.#acknowledge(holds),
      isOver: () => this.#sinkSignal.aborted,
    }
  }

  #warned(message: string): (thrown: unknown) => void {
    return (thrown) => this.#engine.log.warn(message, { reason: asError(thrown).message })
  }

  async #commit(holds: readonly Hold[], progress: readonly Progress[], chunk: Chunk): Promise<Committed> {
    try {
      return await this.#engine.ledger.commit(progress, writesOf(chunk), this.#holder)
    } catch (error) {
      // It may have been applied all the same; another transaction could make the same effects again.
      for (const hold of holds) hold.lose()
      throw error
    }
  }

  async #record(
    all: readonly Hold[],
    recordsOf: (hold: Hold) => readonly Disposed[],
    final: boolean,
  ): Promise<readonly Recorded[]> {
    const holds = all.filter(({ stale, settledAs }) => !stale && settledAs === undefined)
    if (holds.length === 0) return []
    const progress = holds.map((hold) => this.#progress(hold, recordsOf(hold), final))
    const results = await this.#engine.ledger.record(progress, this.#holder)
    for (const [i, hold] of holds.entries()) {
      const result = results[i]
      if (result === undefined) continue
      const records = progress[i]?.records ?? []
      if (final && result.kind === 'written') hold.settledAs = records
      else hold.follow(result, records, this.#engine.clock.now())
    }
    return results
  }

  #progress(hold: Hold, records: readonly Disposed[], final: boolean): Progress {
    const atMostOnce = this.#engine.ledger.delivery === 'at-most-once'
    return {
      claimed: hold.claimed,
      records: atMostOnce ? records.map((one) => settledIfStarted(one, hold.started)) : records,
      abandoned: hold.abandoned,
      hold: final ? null : { marker: hold.marker },
    }
  }
}
