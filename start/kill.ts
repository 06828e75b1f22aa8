import type { Run } from './history/index.js'

/** The process that was killed, and the invocation it was in. */
export interface Victim {
  readonly pid: number
  readonly requestId: string
}

/** Kills the worker once, in the middle of a batch. */
export interface Killer {
  readonly victim: Victim | undefined
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
 * Waits until a quarter of the records has run, then for an invocation that has started a quarter of a full batch: some of its
 * records have taken effect then, and most have not. Past three quarters of the records, a smaller batch will do.
 */
export function killOnce({ batchSize, orders, kill }: KillerOptions): Killer {
  let total = 0
  let requestId = ''
  let started = 0
  let victim: Victim | undefined
  return {
    get victim() {
      return victim
    },
    onRun(run) {
      total++
      started = run.requestId === requestId ? started + 1 : 1
      requestId = run.requestId
      const enough = total < orders * 0.75 ? batchSize / 4 : 5
      if (victim !== undefined || total < orders / 4 || started < enough) return
      victim = { pid: run.pid, requestId }
      kill(run.pid)
    },
  }
}
