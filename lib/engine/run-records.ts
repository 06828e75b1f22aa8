import type { RawRecord } from '../event/index.js'
import type { Outcome } from '../outcome/index.js'
import type { Deadline } from './deadline.js'
import type { Engine, Failed } from './engine.js'
import { outputsOf } from './hand-over.js'
import type { Hold } from './hold.js'
import type { Keys } from './keys.js'
import { interleave, type Lane, lanesOf, type Paused, runLanes } from './lanes.js'
import { limitOf } from './limit.js'
import { RecordAttempt } from './run.js'
import { comesAgain, cutOff, judge, stillGivenUp, type Verdict } from './verdict.js'
import type { Waits } from './waits.js'

/** Records of one source partition that are to run now. */
export interface Part {
  readonly hold: Hold
  readonly records: readonly RawRecord[]
}

/** What a batch's records run in. */
export interface Surroundings {
  readonly engine: Engine
  readonly deadline: Deadline
  /** What records are to their idempotency keys, where there are such. */
  readonly keys: Keys
  /** For what is not due yet. Without, nothing is waited for: it is left to a later invocation. */
  readonly waits?: Waits
  /** Called after each verdict. */
  judged(): void
}

/** What is left to run of a lane: all from a place on. A place costs nothing, where thousands of records of a lane may wait in turn. */
interface Rest {
  readonly hold: Hold
  readonly lane: Lane
  readonly from: number
}

/**
 * Runs the records of all parts, lanes side by side, until all are judged or time is up. Each verdict goes to its hold; a
 * record without one was never started.
 *
 * @throws what the engine's handle throws: a breach of contract, after what is under way has ended
 */
export async function runRecords(parts: readonly Part[], surroundings: Surroundings): Promise<void> {
  const { engine, deadline, keys, waits } = surroundings
  const { clock, ledger } = engine
  const atMostOnce = ledger.delivery === 'at-most-once'
  const underWay = new Set<RecordAttempt>()
  /** What was tried and has effects of its own alone may be tried again at once. */
  const mayRerun = !atMostOnce && engine.atomicity === 'record'
  let breach: { readonly error: unknown } | undefined

  function fail(error: unknown): void {
    breach ??= { error }
    waits?.stop()
  }

  function mayStart(hold: Hold, record: RawRecord): boolean {
    const now = clock.now()
    if (breach !== undefined || !deadline.mayStart(now) || !hold.mayStart(record, now)) return false
    if (!keys.isAwaited(record)) return true
    hold.block(record)
    return false
  }

  /** What is not to be run is judged at once: duplicates, and what has been given up on already. */
  function begin(hold: Hold, record: RawRecord): RecordAttempt | undefined {
    const verdict = unrunVerdict(hold, record)
    if (verdict === undefined) {
      if (atMostOnce) hold.started.add(record.offset)
      return new RecordAttempt(hold, record, engine, deadline.signal)
    }
    hold.judge(record, verdict)
    return undefined
  }

  function unrunVerdict(hold: Hold, record: RawRecord): Verdict | undefined {
    const entry = hold.entries.get(record)
    if (!entry?.givenUp && !entry?.convicted) return keys.verdict(record)
    const { policy, clock } = engine
    return stillGivenUp({ record, entry, attempt: entry.attempts, policy, now: clock.now, random: clock.random }, entry)
  }

  function end(run: RecordAttempt, result: Outcome | Failed): Verdict {
    const { hold, record } = run
    const writes = run.end()
    const outputs = outputsOf(engine, record, result)
    const verdict = judge(outputs !== undefined && 'status' in outputs ? outputs : result, run)
    if (outputs !== undefined && !('status' in outputs)) hold.unwritten.set(record, outputs)
    if (verdict.status === 'ok' && writes !== undefined) hold.effects.set(record, writes)
    hold.judge(record, verdict)
    record.release()
    surroundings.judged()
    return verdict
  }

  /** Whether a record's time has come. At most once there is no other than this. */
  function isDue(hold: Hold, record: RawRecord): boolean {
    const dueAt = atMostOnce ? 0 : hold.entries.dueAt(record)
    return dueAt === 0 || dueAt <= clock.now()
  }

  /** A lane whose first record is not due waits for it; one that is so only after this invocation is left, with its lane. */
  function later(record: RawRecord, rest: Rest): Paused<Rest> | undefined {
    const { hold } = rest
    const dueAt = hold.entries.dueAt(record)
    if (waits?.reaches(dueAt)) return { rest: waits.until(dueAt).then(() => rest) }
    hold.leave(record)
    return undefined
  }

  /** A record that has to come again waits and is run again, if this invocation may and has the time. */
  function rerun(run: RecordAttempt, verdict: Verdict, rest: Rest): Paused<Rest> | undefined {
    if (waits === undefined || !mayRerun || !('notBefore' in verdict) || !waits.reaches(verdict.notBefore)) return
    return { rest: waits.again(run, verdict).then((may) => (may ? rest : undefined)) }
  }

  async function runLane({ hold, lane, from }: Rest): Promise<Paused<Rest> | undefined> {
    for (let place = from; place < lane.length; place++) {
      const record = lane[place]
      if (record === undefined || !mayStart(hold, record)) return
      if (!isDue(hold, record)) return later(record, { hold, lane, from: place })
      const run = begin(hold, record)
      if (run === undefined) continue
      const limit = limitOf(engine, run)
      try {
        let result = engine.handle(record, run)
        // Most promises of a batch are made here: a handler that has none to wait for costs none.
        if (result instanceof Promise) {
          underWay.add(run)
          result = await (limit === undefined ? result : limit.race(result))
          // What ends after the cut-off is judged by it.
          if (deadline.isCutOff()) return
          underWay.delete(run)
          // Effects ahead of it were refused meanwhile: it comes again behind them, like all that had run there.
          if (hold.isBlocked(record)) return
        }
        const verdict = end(run, result)
        if (comesAgain(verdict)) return rerun(run, verdict, { hold, lane, from: place })
      } catch (error) {
        fail(error)
        return
      } finally {
        limit?.cancel()
      }
    }
  }

  function isLeft(hold: Hold, record: RawRecord): boolean {
    const left = !isDue(hold, record)
    if (left) hold.leave(record)
    return left
  }

  async function runAll(handleAll: NonNullable<Engine['handleAll']>): Promise<void> {
    // Together in one call: with what becomes due in the invocation's time.
    const times = parts.flatMap(({ hold, records }) => records.map((record) => hold.entries.dueAt(record)))
    await waits?.until(times.reduce((last, at) => (at > last && waits.reaches(at) ? at : last), 0))
    const due = parts.flatMap(({ hold, records }) =>
      records.filter((record) => mayStart(hold, record) && !isLeft(hold, record)).map((record) => ({ hold, record })),
    )
    const runs = due.flatMap(({ hold, record }) => begin(hold, record) ?? [])
    if (runs.length === 0) return
    for (const run of runs) underWay.add(run)
    try {
      const results = await handleAll(runs.map((run) => ({ record: run.record, run })))
      if (deadline.isCutOff()) return
      underWay.clear()
      for (const [i, run] of runs.entries()) {
        const result = results[i] as Outcome | Failed
        const waits = result.status === 'retry' || result.status === 'hold'
        // What is answered so behind another of its lane that comes again has only waited for it.
        if (waits && run.hold.isBlocked(run.record)) run.end()
        else end(run, result)
      }
    } catch (error) {
      fail(error)
    }
  }

  const lanes = parts.map(({ hold, records }) =>
    lanesOf(records, engine.order).map((lane) => ({ hold, lane, from: 0 })),
  )
  const all =
    engine.handleAll === undefined ? runLanes(interleave(lanes), engine.concurrency, runLane) : runAll(engine.handleAll)
  await Promise.race([all, deadline.cutOff])
  if (breach !== undefined) throw breach.error
  for (const run of underWay) {
    run.end()
    run.hold.judge(run.record, cutOff(run))
  }
}
