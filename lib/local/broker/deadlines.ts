import type { Timers } from './timers.js'

/** At most one call to come for each key. */
export class Deadlines {
  readonly #timers: Timers
  readonly #cancel = new Map<string, () => void>()

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /** Calls `run` in `ms` milliseconds, in the place of what was to come for the key. */
  set(key: string, ms: number, run: () => void): void {
    this.cancel(key)
    this.#cancel.set(key, this.#timers.after(ms, run))
  }

  cancel(key: string): void {
    this.#cancel.get(key)?.()
    this.#cancel.delete(key)
  }

  cancelAll(): void {
    for (const key of [...this.#cancel.keys()]) this.cancel(key)
  }
}
