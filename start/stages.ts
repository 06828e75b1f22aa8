import { MillraceError } from '../lib/errors.js'

/** Runs a job stage by stage, all of it within one bound. */
export interface Stages {
  /** What is being done now, for the progress line. */
  readonly current: string
  /** @throws what `work` throws; MillraceError `ML_START_OVERDUE`, or the reason of the signal, which end the wait but not the work */
  run<T>(what: string, work: () => Promise<T>): Promise<T>
  /** Ends the watch over the time. */
  end(): void
}

/** Starts the clock of a job that may take `limitMs` milliseconds and ends with `signal`; `job` names it. */
export function watchStages(limitMs: number, signal: AbortSignal, job = 'the main job'): Stages {
  let current = 'starting'
  let fail: (error: unknown) => void = () => undefined
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  // Nobody may be waiting when the time is over.
  failed.catch(() => undefined)
  const timer = setTimeout(() => fail(overdue(job, current, limitMs)), limitMs)
  const abort = () => fail(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  return {
    get current() {
      return current
    },
    async run(what, work) {
      current = what
      return await Promise.race([failed, work()])
    },
    end() {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    },
  }
}

const overdue = (job: string, what: string, limitMs: number) =>
  new MillraceError(
    'ML_START_OVERDUE',
    `${job} was still ${what} after ${limitMs / 1000} s; look at the last lines under .millrace/logs for what it waited for`,
  )
