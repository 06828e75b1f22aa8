import { randomFillSync } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

/** Time and chance, as arguments: a test or a simulation brings its own. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number
  /** Resolves after `ms` milliseconds, or as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls back after `ms` milliseconds, unless cancelled by the function it returns. */
  after(ms: number, callback: () => void): () => void
  /** Zero or more, below one. */
  random(): number
  /** A short text that nobody else has drawn. */
  nonce(): string
}

// setTimeout takes at most 2^31 - 1 and fires at once above it.
const longestTimer = 2 ** 31 - 1

/** The machine's clock. */
export const systemClock: Clock = {
  now: Date.now,
  sleep: (ms, signal) => delay(ms, undefined, signal && { signal }).catch(() => {}),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, longestTimer))
    return () => clearTimeout(timer)
  },
  random: Math.random,
  nonce,
}

const nonceBytes = 9
/** Randomness for many nonces at once: drawn one by one, they cost a good part of a small batch. */
const pool = Buffer.allocUnsafe(nonceBytes * 128)
let drawn = pool.length

function nonce(): string {
  if (drawn === pool.length) {
    randomFillSync(pool)
    drawn = 0
  }
  drawn += nonceBytes
  return pool.toString('base64url', drawn - nonceBytes, drawn)
}
