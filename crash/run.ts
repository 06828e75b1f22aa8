import { ending } from '../lib/local/stack/index.js'
import { stopLimitMs } from '../start/job.js'
import { openLogs } from '../start/logs.js'
import { watchStages } from '../start/stages.js'
import { stoppedCheck } from '../start/stopped.js'
import type { Moment } from './killer.js'
import { type Observed, observe } from './observe.js'
import type { CrashOptions } from './options.js'
import { type Verdict, verify } from './verify.js'

/** What a run came to. */
export interface Report extends Verdict {
  /** Every check held. */
  readonly ok: boolean
  readonly seed: number
  /** Kills by their moments. */
  readonly moments: Readonly<Record<Moment, number>>
  readonly invocations: number
  /** Milliseconds from the start of the stack until the group had nothing left to read. */
  readonly elapsedMs: number
}

/** Around a run. */
export interface CrashContext {
  /** Ends the run; everything that was started is stopped. */
  readonly signal: AbortSignal
  /** Takes a line about how far the run is. */
  readonly onProgress: (line: string) => void
}

/** The most that a run may take: so much to start and to drain, and so much for each kill, in milliseconds. */
const limitMs = (kills: number): number => 120_000 + 8_000 * kills

/**
 * Kills the worker of the orders function again and again under load, and verifies what is left of it. Whatever happens,
 * everything that it started is stopped when this ends.
 *
 * @throws MillraceError of the parts, `ML_START_NOT_EMPTY`, `ML_START_OVERDUE`, and the reason of the signal
 */
export async function runCrash(options: CrashOptions, { signal, onProgress: tell }: CrashContext): Promise<Report> {
  const logs = openLogs('.millrace/logs')
  const stages = watchStages(limitMs(options.kills), signal, 'the crash test')
  const stopLater = ending({ limitMs: stopLimitMs })
  let observed: Observed
  let failures: readonly string[]
  try {
    observed = await observe(options, { signal, stages, stopLater, logs, tell })
  } finally {
    stages.end()
    failures = await stopLater.run()
    await logs.close()
  }
  const { facts, pids, moments, invocations } = observed
  const stopped = await stoppedCheck(pids, failures)
  const verdict = verify(facts)
  const checks = [...verdict.checks, stopped]
  const ok = checks.every((check) => check.ok)
  return { ok, seed: options.seed, ...verdict, moments, invocations, elapsedMs: Math.round(facts.elapsedMs), checks }
}
