import type { AppliedTransaction } from './faults/index.js'

/** Kills the worker once, in the middle of a batch. */
export interface Killer {
  /** The process that was killed. */
  readonly victim: number | undefined
  /** To be told of the process that runs. */
  onPid(pid: number): void
  /** To be told of every transaction that the store has applied, before the function is. */
  onTransaction(transaction: AppliedTransaction): void
}

export interface KillerOptions {
  /** Records in all. */
  readonly orders: number
  readonly kill: (pid: number) => void
}

/**
 * Waits until a fifth of all orders has taken effect, and kills the process at the next transaction that has others to follow
 * it in its source partition. Some of the batch is settled then, some of it never will be by this process, and the answer to
 * what was just applied is lost with it.
 */
export function killOnce({ orders, kill }: KillerOptions): Killer {
  let effects = 0
  let pid: number | undefined
  let victim: number | undefined
  return {
    get victim() {
      return victim
    },
    onPid(living) {
      pid = living
    },
    onTransaction({ orderIds, goesOn }) {
      effects += orderIds.length
      if (victim !== undefined || pid === undefined || effects < orders / 5 || !goesOn) return
      victim = pid
      kill(pid)
    },
  }
}
