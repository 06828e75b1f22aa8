/** Wakes whoever waits for something to change. A ring that nobody waits for is not kept: check the condition first. */
export interface Bell {
  ring(): void
  /** Resolves at the next ring, or after `ms` milliseconds where given. */
  wait(ms?: number): Promise<void>
}

export function bell(): Bell {
  const waiting = new Set<() => void>()
  return {
    ring: () => {
      for (const wake of [...waiting]) wake()
    },
    wait: (ms) =>
      new Promise((resolve) => {
        const wake = (): void => {
          waiting.delete(wake)
          clearTimeout(timer)
          resolve()
        }
        const timer = ms === undefined ? undefined : setTimeout(wake, ms)
        waiting.add(wake)
      }),
  }
}
