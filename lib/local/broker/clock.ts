/** Time as the broker sees it; tests drive one of their own. */
export interface Clock {
  /** Calls `run` once after `delayMs` milliseconds; returns what cancels that. */
  after(delayMs: number, run: () => void): () => void
}

/** Longest delay that Node's timers take; longer ones would fire at once. */
const longestMs = 2 ** 31 - 1

export const systemClock: Clock = {
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), longestMs))
    return () => clearTimeout(timer)
  },
}
