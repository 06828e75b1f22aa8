import type { Timers } from './timers.js'

/** A clock that stands still until it is moved; `waiting` counts the calls still to come. */
export function manualTimers(): Timers & { advance(ms: number): void; readonly waiting: number } {
  let now = 0
  const due = new Map<object, { at: number; run: () => void }>()
  return {
    now: () => now,
    after(delayMs, run) {
      const key = {}
      due.set(key, { at: now + delayMs, run })
      return () => due.delete(key)
    },
    advance(ms) {
      const end = now + ms
      for (;;) {
        const [next] = [...due].filter(([, { at }]) => at <= end).sort(([, one], [, other]) => one.at - other.at)
        if (next === undefined) break
        due.delete(next[0])
        now = next[1].at
        next[1].run()
      }
      now = end
    },
    get waiting() {
      return due.size
    },
  }
}
