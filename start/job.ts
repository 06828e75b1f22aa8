import type { SeenMetrics } from '../infra/metrics/index.js'
import { type Ending, ending } from '../lib/local/stack/index.js'
import { type Logs, openLogs } from './logs.js'
import { type Observed, observe, type Progress } from './observe.js'
import type { StartOptions } from './options.js'
import { prepare } from './prepare.js'
import { type Stages, watchStages } from './stages.js'
import { stoppedCheck } from './stopped.js'
import { type Verdict, verify } from './verify/index.js'

/** What a run came to. */
export interface Report extends Verdict {
  /** Every check held. */
  readonly ok: boolean
  readonly killedPid: number | null
  /** Records of the settled batch that was delivered again. */
  readonly redelivered: number
  /** What the function has published to CloudWatch. */
  readonly metrics: SeenMetrics
}

/** A report with what is for people only. */
export interface Finished {
  readonly report: Report
  /** What it ran on. */
  readonly ground: string
  readonly elapsedMs: number
  /** Where the logs are. */
  readonly logs: string
}

/** What every part of the job works with. */
export interface Surroundings {
  readonly options: StartOptions
  readonly stages: Stages
  readonly logs: Logs
  readonly stopLater: Ending
}

/** What takes longer to stop is left alone, in milliseconds. */
export const stopLimitMs = 15_000

/** Around a run. */
export interface JobContext {
  /** Ends the run; everything that was started is stopped. */
  readonly signal: AbortSignal
  /** Told once, how to ask what is being done. */
  readonly onProgress?: (ask: () => { readonly stage: string; readonly progress: Progress | undefined }) => void
  /** The most that a run may take, in milliseconds. Default 240,000. */
  readonly limitMs?: number
}

/**
 * Runs the main job, and verifies it. Whatever happens, everything that it started is stopped when this ends.
 *
 * @throws MillraceError of the parts, `ML_START_NOT_EMPTY`, `ML_START_OVERDUE`, and the reason of the signal
 */
export async function runJob(
  options: StartOptions,
  { signal, onProgress, limitMs = 240_000 }: JobContext,
): Promise<Finished> {
  const logs = openLogs('.millrace/logs')
  const stages = watchStages(limitMs, signal)
  const stopLater = ending({ limitMs: stopLimitMs })
  let progress: () => Progress | undefined = () => undefined
  onProgress?.(() => ({ stage: stages.current, progress: progress() }))
  let observed: Observed
  let failures: readonly string[]
  try {
    const prepared = await stages.run('packaging with serverless', () => prepare(options, signal, logs.local))
    observed = await observe(prepared, { options, stages, logs, stopLater }, (ask) => {
      progress = ask
    })
  } finally {
    stages.end()
    failures = await stopLater.run()
    await logs.close()
  }
  const { facts, pids, ground, metrics } = observed
  const stopped = await stoppedCheck(pids, failures)
  const verdict = verify(facts)
  const checks = [...verdict.checks, stopped]
  const report: Report = {
    ok: checks.every(({ ok }) => ok),
    ...verdict,
    killedPid: facts.kill?.pid ?? null,
    redelivered: facts.redelivery?.batch.length ?? 0,
    metrics,
    checks,
  }
  return { report, ground, elapsedMs: facts.elapsedMs, logs: logs.folder }
}
