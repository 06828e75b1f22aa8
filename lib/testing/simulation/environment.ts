import type { Clock } from '../../clock.js'
import type { Choices } from './choices.js'
import type { Life, Scheduler } from './scheduler.js'

/** What a dead environment waits for. */
export const never = <T>(): Promise<T> => new Promise<T>(() => {})

/** One execution environment: lives through many invocations, can be paused, and dies for good at any await. */
export class Environment implements Life {
  readonly name: string
  readonly clock: Clock
  dead = false
  pausedUntil = 0
  /** Called once, when it dies. */
  onDeath: () => void = () => {}
  readonly #scheduler: Scheduler

  constructor(id: number, scheduler: Scheduler, choices: Choices) {
    this.name = `e${id}`
    this.#scheduler = scheduler
    let nonces = 0
    this.clock = {
      now: () => scheduler.now,
      sleep: (ms, signal) => this.#sleep(ms, signal),
      after: (ms, callback) => (this.dead ? () => {} : scheduler.after(ms, callback, this)),
      random: () => choices.below('time', 8) / 8,
      nonce: () => `e${id}n${++nonces}`,
    }
  }

  /** Everything it waits for never comes. */
  die(): void {
    if (this.dead) return
    this.dead = true
    this.onDeath()
  }

  /** A value that reaches this environment after `ms`, if it lives. */
  later<T>(ms: number, value: () => T | Promise<T>): Promise<T> {
    if (this.dead) return never()
    return new Promise((resolve, reject) => {
      const run = () => {
        try {
          resolve(value())
        } catch (error) {
          reject(error)
        }
      }
      this.#scheduler.after(ms, run, this)
    })
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (this.dead) return never()
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#scheduler.after(ms, resolve, this)
      const abort = () => {
        cancel()
        resolve()
      }
      signal?.addEventListener('abort', abort, { once: true })
    })
  }
}
