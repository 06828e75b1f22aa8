import { setMaxListeners } from 'node:events'
import type { Deadline } from './deadline.js'
import { decide } from './decisions.js'
import type { Engine } from './engine.js'
import type { Hold } from './hold.js'
import type { Recorder } from './recorder.js'
import type { RecordAttempt } from './run.js'
import type { Waiting } from './verdict.js'

/**
 * Milliseconds from one round of failures that are recorded to the next, so that many lanes that fail share few writes: twice as
 * long each time, so that a batch with few failures is not held up for them.
 */
const [firstGapMs, longestGapMs] = [5, 100]

/** What one invocation waits for: records that are not due yet, in its own time as far as that goes. */
export class Waits {
  readonly #engine: Engine
  readonly #deadline: Deadline
  readonly #recorder: Recorder
  readonly #holds: readonly Hold[]
  readonly #stop = new AbortController()
  #round: Promise<void> | undefined
  #nextRound = Number.NEGATIVE_INFINITY
  #gapMs = firstGapMs

  constructor(engine: Engine, deadline: Deadline, recorder: Recorder, holds: readonly Hold[]) {
    this.#engine = engine
    this.#deadline = deadline
    this.#recorder = recorder
    this.#holds = holds
    // Every lane may sleep.
    setMaxListeners(0, this.#stop.signal)
  }

  /** Whether what is due at this time, epoch ms, can be run by this invocation. One without an end (a plain unit test) waits for nothing. */
  reaches(notBefore: number): boolean {
    return Number.isFinite(this.#deadline.lastStart) && this.#deadline.mayStart(notBefore)
  }

  /** Waits for that time, unless the batch is to fail meanwhile. */
  async until(notBefore: number): Promise<void> {
    const ms = notBefore - this.#engine.clock.now()
    if (ms > 0) await this.#engine.clock.sleep(ms, this.#stop.signal)
  }

  /**
   * Waits until a record that failed or was held may be run again: it is due, and what it has spent is recorded, so that no
   * crash gives it back. False where that could not be confirmed, or where the run that timed out goes on.
   */
  async again({ hold, record, isOver }: RecordAttempt, verdict: Waiting): Promise<boolean> {
    await this.until(verdict.notBefore)
    if (!isOver()) return false
    // A round that is being written already may have begun too early for this record.
    const isRecorded = () => hold.entries.has(record, verdict)
    for (let rounds = 0; rounds < 2 && this.#goesOn && !isRecorded(); rounds++) {
      this.#round ??= this.#record().finally(() => {
        this.#round = undefined
      })
      await this.#round
    }
    if (!this.#goesOn || !isRecorded() || !hold.reopen(record, verdict)) return false
    decide(this.#engine.log, record, verdict, undefined)
    return true
  }

  /** Ends all waiting: nothing more is run. */
  stop(): void {
    this.#stop.abort()
  }

  get #goesOn(): boolean {
    return !this.#stop.signal.aborted && this.#deadline.mayStart(this.#engine.clock.now())
  }

  async #record(): Promise<void> {
    await this.until(this.#nextRound)
    if (!this.#goesOn) return
    this.#nextRound = this.#engine.clock.now() + this.#gapMs
    this.#gapMs = Math.min(2 * this.#gapMs, longestGapMs)
    await this.#recorder.recordWaiting(this.#holds.filter(hasUnrecorded))
  }
}

/** Whether anything of it has failed or is held that the ledger does not know of. */
function hasUnrecorded({ verdicts, entries }: Hold): boolean {
  for (const [record, verdict] of verdicts) if ('notBefore' in verdict && !entries.has(record, verdict)) return true
  return false
}
