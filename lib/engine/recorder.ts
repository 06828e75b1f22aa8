import { asError, MillraceError } from '../errors.js'
import type { Committed, Disposed, Holder, Marker, Progress, Recorded } from '../ledger/index.js'
import { acknowledge } from './acknowledge.js'
import { type Chunk, writesOf } from './chunks.js'
import { type Committing, commitInChunks, commitWhole, failAfterwards } from './effects.js'
import type { Engine } from './engine.js'
import type { Hold } from './hold.js'

/** Writes to the ledger what holds have come to: sinks first, effects with the settle of their records, one write at a time. */
export class Recorder {
  readonly #engine: Engine
  readonly #holder: Holder
  readonly #sinkSignal: AbortSignal
  #writing: Promise<unknown> = Promise.resolve()
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
  checkpoint(holds: readonly Hold[]): Promise<void> {
    this.#due ??= this.#exclusively(async () => {
      this.#due = undefined
      await this.#checkpoint(holds)
    }).catch((thrown: unknown) => {
      const reason = asError(thrown).message
      this.#engine.log.warn('no checkpoint: nothing is started once the lease is over', { reason })
    })
    return this.#due
  }

  /**
   * Records what has failed or is held, and nothing else: what is settled in the middle of a batch by lanes side by side would be
   * many intervals, for which the ledger would have to forget others. A failure is logged.
   */
  async recordWaiting(holds: readonly Hold[]): Promise<void> {
    await this.#exclusively(async () => {
      await this.#record(holds, (hold) => hold.undecided(true), false)
    }).catch((thrown: unknown) => {
      const reason = asError(thrown).message
      this.#engine.log.warn('failures not recorded: their records are not run again before the next delivery', {
        reason,
      })
    })
  }

  /**
   * Checkpoints a hold with what runs alone next in it; null: nothing does.
   *
   * @throws MillraceError `ML_STORE_UNREACHABLE` when that cannot be confirmed: nothing may run under a marker that is not its own
   */
  async mark(hold: Hold, marker: Marker | null): Promise<void> {
    await this.#exclusively(async () => {
      hold.marker = marker
      const [result] = await this.#checkpoint([hold])
      if (result?.kind !== 'unknown' && !hold.isLost) return
      throw new MillraceError(
        'ML_STORE_UNREACHABLE',
        'DynamoDB did not confirm a marker in 8 tries; the batch comes again',
      )
    })
  }

  /** Records everything and gives the claims back. */
  async settle(holds: readonly Hold[]): Promise<void> {
    await this.#exclusively(async () => {
      const { atomicity } = this.#engine
      await this.#failLate(holds, 'ended')
      await this.#acknowledge(holds)
      const committing = this.#committing()
      if (atomicity === 'record') await allEnded(holds.map((hold) => commitInChunks(committing, hold, true)))
      else if (atomicity === 'partition') await allEnded(holds.map((hold) => commitWhole(committing, [hold], false)))
      else await commitWhole(committing, holds, holds.length > 1)
      await this.#record(holds, (hold) => hold.dispositions(), true)
    })
  }

  /** Gives the claims back with nothing more settled than checkpoints have; the whole batch comes again. */
  async giveBack(holds: readonly Hold[]): Promise<void> {
    await this.#exclusively(async () => {
      await this.#record(holds, (hold) => hold.undecided(), true)
    })
  }

  #exclusively(write: () => Promise<void>): Promise<void> {
    const result = this.#writing.then(write)
    this.#writing = result.catch(() => {})
    return result
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

  #acknowledge(holds: readonly Hold[]): Promise<void> {
    return acknowledge(this.#engine, holds, this.#sinkSignal)
  }

  async #checkpoint(holds: readonly Hold[]): Promise<readonly Recorded[]> {
    // What succeeds or fails as one is recorded at the end alone; until then leases are renewed.
    const renew = () => this.#record(holds, (hold) => hold.undecided(), false)
    if (this.#engine.atomicity !== 'record') return renew()
    try {
      await this.#failLate(holds, 'running')
    } catch {
      // The batch is to fail, and the settle will say of what; nothing more of it is settled until then.
      return renew()
    }
    await this.#acknowledge(holds)
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
      records: atMostOnce ? records.map((one) => settledIfStarted(one, hold)) : records,
      abandoned: hold.abandoned,
      hold: final ? null : { marker: hold.marker },
    }
  }
}

/** One write at a time: the next may only begin when all of these have ended, even where one has failed. */
async function allEnded(writes: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(writes)) if (result.status === 'rejected') throw result.reason
}

/** At most once, what was started never comes again, whatever became of it. */
const settledIfStarted = (record: Disposed, { started }: Hold): Disposed =>
  record.disposition.kind === 'open' || started.has(record.offset)
    ? { ...record, disposition: { kind: 'settled' } }
    : record
