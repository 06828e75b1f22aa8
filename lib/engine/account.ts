import { MillraceError } from '../errors.js'
import type { Acknowledgement, Failure, Stage } from '../sink/index.js'
import { decide } from './decisions.js'
import type { Engine } from './engine.js'
import type { Hold } from './hold.js'
import { Sample } from './sample.js'
import { comesAgain, type Verdict } from './verdict.js'

/**
 * How many records of a batch had which outcome. `duplicate` have the
 * idempotency key of another; `skipped` were found settled, `pending` were not started or not recorded;
 * `abandoned` were open before it and not in it.
 */
export type Tally = Record<
  | 'records'
  | 'ok'
  | 'retry'
  | 'fallback'
  | 'drop'
  | 'hold'
  | 'fail'
  | 'duplicate'
  | 'skipped'
  | 'pending'
  | 'abandoned',
  number
>

/** How one source partition of a batch went. */
export interface SourceTally {
  readonly partition: number
  readonly records: number
  readonly ok: number
}

/** What became of a batch's records, for its report. */
export interface Account {
  readonly tally: Tally
  /** Failures by the stage at which records failed. */
  readonly failures: Record<Stage, number>
  /** Records that the policy lets the invocation fail by. */
  readonly failed: Failure[]
  /** Offsets of records whose sink has broken its contract. */
  readonly breaches: number[]
  readonly sources: SourceTally[]
  /**
   * Milliseconds of records that are settled now, from their timestamps to the acknowledged write. One with a timestamp in the future, or
   * none, has none.
   */
  readonly latencies: Sample
}

export function openAccount(records: number): Account {
  const tally: Tally = {
    records,
    ok: 0,
    retry: 0,
    fallback: 0,
    drop: 0,
    hold: 0,
    fail: 0,
    duplicate: 0,
    skipped: 0,
    pending: 0,
    abandoned: 0,
  }
  return {
    tally,
    failures: { decode: 0, validate: 0, process: 0, sink: 0 },
    failed: [],
    breaches: [],
    sources: [],
    latencies: new Sample(records),
  }
}

/** Counts what a source partition has come to, and logs its decisions. @param settledAt epoch ms of the write that settled it */
export function accountFor(hold: Hold, settledAt: number, { log }: Engine, account: Account): void {
  const { claimed, verdicts, acknowledged, abandoned, settledAs, recorded } = hold
  const { tally, failures, failed, breaches, latencies } = account
  const { topic, partition, records } = claimed.partition
  const okBefore = tally.ok
  const unsettled = new Set(
    settledAs?.flatMap(({ offset, disposition }) => (disposition.kind === 'settled' ? [] : [offset])),
  )
  for (const { status, failure } of hold.superseded) if (status === 'retry') failures[failure.stage]++
  logSkipped(hold, { log })
  tally.skipped += records.length - claimed.todo.length
  tally.abandoned += abandoned.length
  for (const offset of abandoned) log.error('abandoned', { topic, partition, offset })
  for (const record of claimed.todo) {
    const verdict = verdicts.get(record)
    const decision = verdict && decide(log, record, verdict, acknowledged.get(record))
    if (decision?.stage !== undefined) failures[decision.stage]++
    if (decision?.stage === 'sink' && isBreach(verdict, acknowledged.get(record))) breaches.push(record.offset)
    if (verdict?.status === 'fail') failed.push(verdict.failure)
    // What went well and is not recorded as such comes again all the same.
    const isSettled = settledAs !== undefined && !unsettled.has(record.offset)
    tally[decision !== undefined && (isSettled || comesAgain(decision)) ? decision.status : 'pending']++
    if (!isSettled || !latencies.isDue()) continue
    const latencyMs = (recorded.get(record.offset) ?? settledAt) - record.timestamp
    if (latencyMs >= 0 && record.timestamp > 0) latencies.values.push(latencyMs)
  }
  account.sources.push({ partition, records: records.length, ok: tally.ok - okBefore })
  const [first, last] = [records[0]?.offset, records.at(-1)?.offset]
  const left = settledAs === undefined ? records.length : unsettled.size
  log.debug('settle', { topic, partition, from: first, to: last, settled: records.length - left, unsettled: left })
}

/** By the sink of its outputs, or by the fallback. */
function isBreach(verdict: Verdict | undefined, acknowledgement: Acknowledgement | undefined): boolean {
  const own = verdict !== undefined && 'failure' in verdict ? verdict.failure.error : undefined
  const error = acknowledgement?.ok === false ? acknowledgement.error : own
  return error instanceof MillraceError && error.code === 'ML_SINK_CONTRACT'
}

/** One line for all that was settled before: a batch that is delivered again may bring thousands. */
function logSkipped({ claimed: { partition: source, todo } }: Hold, { log }: Pick<Engine, 'log'>): void {
  const { topic, partition, records } = source
  if (todo.length === records.length) return
  const open = new Set(todo)
  const skipped = records.filter((record) => !open.has(record))
  const [from, to] = [skipped[0]?.offset, skipped.at(-1)?.offset]
  log.info('skip', { topic, partition, from, to, records: skipped.length, rule: 'settled' })
}
