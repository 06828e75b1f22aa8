import { MillraceError } from '../errors.js'
import type { RawRecord } from '../event/index.js'
import type { OpenRecord } from '../ledger/index.js'
import type { Outcome } from '../outcome/index.js'
import type { Deadline } from './deadline.js'
import type { Engine, Failed } from './engine.js'
import type { Hold } from './hold.js'
import type { Keys } from './keys.js'
import { interleave, lanesOf, runLanes } from './lanes.js'
import { RecordAttempt } from './run.js'
import { cutOff, judge, type RunEnd, stillGivenUp, type Verdict } from './verdict.js'

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
  const underWay = new Map<RawRecord, { hold: Hold; end: RunEnd }>()
  let breach: { readonly error: unknown } | undefined
  function mayStart(hold: Hold, record: RawRecord): boolean {
    if (breach !== undefined || !deadline.mayStart() || !hold.mayStart(record, engine.clock.now())) return false
    if (!keys.isAwaited(record)) return true
    hold.block(record)
    return false
  }

  /** What is not to be run is judged at once: duplicates, and what has been given up on already. */
  function begin(hold: Hold, record: RawRecord): RecordAttempt | undefined {
    const entry = hold.entryOf(record)
    const verdict = unrunVerdict(record, entry, keys, engine.clock.now())
    if (verdict !== undefined) {
      hold.judge(record, verdict)
      return undefined
    }
    const attempt = (entry?.attempts ?? 0) + 1
    underWay.set(record, { hold, end: { record, entry, attempt, attempts: engine.attempts, now: engine.clock.now } })
    return new RecordAttempt(attempt, engine.attempts, deadline.signal)
  }

  function end(record: RawRecord, run: RecordAttempt, result: Outcome | Failed): boolean {
    const writes = run.end()
    const under = underWay.get(record)
    // What ends after the cut-off has been judged already.
    if (under === undefined || deadline.isCutOff()) return false
    underWay.delete(record)
    const verdict = judge(result, under.end)
    if (verdict.status === 'ok' && writes !== undefined) under.hold.effects.set(record, writes)
    under.hold.judge(record, verdict)
    surroundings.judged()
    return verdict.status !== 'retry'
  }

  async function runOne(hold: Hold, record: RawRecord): Promise<boolean> {
    if (!mayStart(hold, record)) return false
    const run = begin(hold, record)
    if (run === undefined) return true
    try {
      return end(record, run, await timed(engine, run, () => engine.handle(record, run)))
    } catch (error) {
      breach ??= { error }
      return false
    }
  }

  async function runAll(handleAll: NonNullable<Engine['handleAll']>): Promise<void> {
    const due = parts.flatMap(({ hold, records }) =>
      records.filter((record) => mayStart(hold, record)).map((record) => ({ hold, record })),
    )
    const runs = due.flatMap(({ hold, record }) => {
      const run = begin(hold, record)
      return run === undefined ? [] : [{ record, run }]
    })
    if (runs.length === 0) return
    try {
      const results = await handleAll(runs)
      for (const [i, { record, run }] of runs.entries()) end(record, run, results[i] as Outcome | Failed)
    } catch (error) {
      breach ??= { error }
    }
  }

  const holds = new Map(parts.flatMap(({ hold, records }) => records.map((record) => [record, hold] as const)))
  const run = async (record: RawRecord) => runOne(holds.get(record) as Hold, record)
  const all = () =>
    runLanes(interleave(parts.map(({ records }) => lanesOf(records, engine.order))), engine.concurrency, run)
  await Promise.race([engine.handleAll === undefined ? all() : runAll(engine.handleAll), deadline.cutOff])
  if (breach !== undefined) throw breach.error
  for (const [record, { hold, end }] of underWay) hold.judge(record, cutOff(end))
}

function unrunVerdict(record: RawRecord, entry: OpenRecord | undefined, keys: Keys, now: number): Verdict | undefined {
  return entry?.givenUp || entry?.convicted ? stillGivenUp(record, entry, now) : keys.duplicate(record)
}

/** Runs with the record's own limit of time, if there is one: its signal aborts, and it has failed. */
async function timed(
  { clock, recordTimeoutMs }: Engine,
  run: RecordAttempt,
  handle: () => Promise<Outcome | Failed>,
): Promise<Outcome | Failed> {
  if (!Number.isFinite(recordTimeoutMs)) return handle()
  const error = new MillraceError(
    'ML_HANDLER_TIMEOUT',
    `the handler had not ended after ${recordTimeoutMs} ms; it gets ctx.signal to stop in time, and the option recordTimeoutMs gives it more`,
  )
  const controller = new AbortController()
  let cancel = () => {}
  const late = new Promise<Failed>((resolve) => {
    cancel = clock.after(recordTimeoutMs, () => {
      controller.abort(error)
      resolve({ status: 'failed', stage: 'process', error })
    })
  })
  try {
    run.signal = AbortSignal.any([run.signal, controller.signal])
    return await Promise.race([handle(), late])
  } finally {
    cancel()
  }
}
