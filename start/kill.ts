import type { Run } from './history/index.js'

/** The process that was killed, and the invocation it was in. */
export interface Victim {
  readonly pid: number
  readonly requestId: string
}

/** Kills the worker once, in the middle of a batch. */
export interface Killer {
  readonly victim: Victim | undefined
  /** To be told when the victim's invocation had ended before the signal came. */
  missed(): void
  /** To be told of every run, at once. */
  onRun(run: Run): void
}

export interface KillerOptions {
  /** Records of a full batch. */
  readonly batchSize: number
  /** Records in all. */
  readonly orders: number
  readonly kill: (pid: number) => void
}

/**
 * Waits for an invocation that begins after a fifth of all records has run, and kills it when it has started a fifth of a full
 * batch: some of its records have taken effect then, and most have not. Towards the end a smaller batch will do.
 *
 * Where the batch was quicker than the signal, the next one gets it.
 */
export function killOnce({ batchSize, orders, kill }: KillerOptions): Killer {
  let total = 0
  let requestId = ''
  /** Of this invocation; and all runs before it. */
  let started = 0
  let before = 0
  let victim: Victim | undefined
  return {
    get victim() {
      return victim
    },
    missed() {
      victim = undefined
    },
    onRun(run) {
      if (run.requestId !== requestId) before = total
      started = run.requestId === requestId ? started + 1 : 1
      requestId = run.requestId
      total++
      const enough = before < orders * 0.75 ? batchSize / 5 : 5
      if (victim !== undefined || before < orders / 5 || started < enough) return
      victim = { pid: run.pid, requestId }
      kill(run.pid)
    },
  }
}
