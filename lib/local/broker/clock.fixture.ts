import type { Clock } from './clock.js'

/** A clock that stands still until it is moved. */
export function manualClock(): Clock & { advance(ms: number): void; readonly timers: number } {
  let now = 0
  const due = new Map<object, { at: number; run: () => void }>()
  return {
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
    get timers() {
      return due.size
    },
  }
}
