import type { Log } from './kafka.js'

/** Those who are told of something. */
export interface Observers<T> {
  /** @returns how to stop it */
  add(observer: (value: T) => void): () => void
  tell(value: T): void
}

/** An observer that throws is not the mapping's fault and does not end it: the log says so. */
export function observers<T>(log: Log, first?: (value: T) => void): Observers<T> {
  const all = new Set(first ? [first] : [])
  return {
    add: (observer) => {
      // Each addition has its own place, also of a function that is there already.
      const own = (value: T): void => observer(value)
      all.add(own)
      return () => void all.delete(own)
    },
    tell: (value) => {
      for (const observer of [...all]) {
        try {
          observer(value)
        } catch (error) {
          log(`an observer threw: ${error}`)
        }
      }
    },
  }
}
