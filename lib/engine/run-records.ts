import { MillraceError } from '../errors.js'
import type { RawRecord } from '../event/index.js'
import type { Outcome } from '../outcome/index.js'
import type { Deadline } from './deadline.js'
import type { Engine, Failed } from './engine.js'
import type { Hold } from './hold.js'
import type { Keys } from './keys.js'
import { interleave, type Lane, lanesOf, runLanes } from './lanes.js'
import { RecordAttempt } from './run.js'
import { comesAgain, cutOff, judge, stillGivenUp, type Verdict } from './verdict.js'

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
  /** Called after each verdict. */
  judged(): void
}

/**
 * Runs the records of all parts, lanes side by side, until all are judged or time is up. Each verdict goes to its hold; a
 * record without one was never started.
 *
 * @throws what the engine's handle throws: a breach of contract, after what is under way has ended
 */
export async function runRecords(parts: readonly Part[], surroundings: Surroundings): Promise<void> {
  const { engine, deadline, keys } = surroundings
  const { clock, ledger } = engine
  const atMostOnce = ledger.delivery === 'at-most-once'
  const underWay = new Set<RecordAttempt>()
  let breach: { readonly error: unknown } | undefined

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
    const entry = hold.entryOf(record)
    if (!entry?.givenUp && !entry?.convicted) return keys.verdict(record)
    const { policy, clock } = engine
    return stillGivenUp({ record, entry, attempt: entry.attempts, policy, now: clock.now, random: clock.random }, entry)
  }

  /** Whether the lane goes on. */
  function end(run: RecordAttempt, result: Outcome | Failed): boolean {
    const { hold, record } = run
    const writes = run.end()
    const verdict = judge(result, run)
    if (verdict.status === 'ok' && writes !== undefined) hold.effects.set(record, writes)
    hold.judge(record, verdict)
    record.release()
    surroundings.judged()
    return !comesAgain(verdict)
  }

  async function runLane({ hold, lane }: { readonly hold: Hold; readonly lane: Lane }): Promise<void> {
    for (const record of lane) {
      if (!mayStart(hold, record)) return
      const run = begin(hold, record)
      if (run === undefined) continue
      const limit = limitOf(engine, run)
      try {
        let result = engine.handle(record, run)
        // Most promises of a batch are made here: a handler that has none to wait for costs none.
        if (result instanceof Promise) {
          underWay.add(run)
          result = await (limit === undefined ? result : Promise.race([result, limit.late]))
          // What ends after the cut-off is judged by it.
          if (deadline.isCutOff()) return
          underWay.delete(run)
          // Effects ahead of it were refused meanwhile: it comes again behind them, like all that had run there.
          if (hold.isBlocked(record)) return
        }
        if (!end(run, result)) return
      } catch (error) {
        breach ??= { error }
        return
      } finally {
        limit?.cancel()
      }
    }
  }

  async function runAll(handleAll: NonNullable<Engine['handleAll']>): Promise<void> {
    const due = parts.flatMap(({ hold, records }) =>
      records.filter((record) => mayStart(hold, record)).map((record) => ({ hold, record })),
    )
    const runs = due.flatMap(({ hold, record }) => begin(hold, record) ?? [])
    if (runs.length === 0) return
    for (const run of runs) underWay.add(run)
    try {
      const results = await handleAll(runs.map((run) => ({ record: run.record, run })))
      if (deadline.isCutOff()) return
      underWay.clear()
      for (const [i, run] of runs.entries()) end(run, results[i] as Outcome | Failed)
    } catch (error) {
      breach ??= { error }
    }
  }

  const lanes = parts.map(({ hold, records }) => lanesOf(records, engine.order).map((lane) => ({ hold, lane })))
  const all =
    engine.handleAll === undefined ? runLanes(interleave(lanes), engine.concurrency, runLane) : runAll(engine.handleAll)
  await Promise.race([all, deadline.cutOff])
  if (breach !== undefined) throw breach.error
  for (const run of underWay) {
    run.end()
    run.hold.judge(run.record, cutOff(run))
  }
}

/** The record's own limit of time, if there is one: its signal aborts, and it has failed. */
function limitOf({ clock, recordTimeoutMs }: Engine, run: RecordAttempt) {
  if (!Number.isFinite(recordTimeoutMs)) return undefined
  const error = new MillraceError(
    'ML_HANDLER_TIMEOUT',
    `the handler had not ended after ${recordTimeoutMs} ms; it gets ctx.signal to stop in time, and the option recordTimeoutMs gives it more`,
  )
  const controller = new AbortController()
  run.signal = AbortSignal.any([run.signal, controller.signal])
  let cancel = () => {}
  const late = new Promise<Failed>((resolve) => {
    cancel = clock.after(recordTimeoutMs, () => {
      controller.abort(error)
      resolve({ status: 'failed', stage: 'process', error })
    })
  })
  return { late, cancel }
}
