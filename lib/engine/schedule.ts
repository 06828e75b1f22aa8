import type { RetryPolicy } from './policy.js'

/**
 * Milliseconds from the nth failure of a record to its next run: `intervalMs` × `factor`^(n - 1), `capMs` at most; with full
 * jitter anything from nothing to that.
 *
 * @param random zero or more, below one
 */
export function delayMs({ intervalMs, factor, capMs, jitter }: RetryPolicy, failures: number, random: number): number {
  // Of a large power nothing is left but the cap; zero times infinity would be no number.
  const whole = intervalMs === 0 ? 0 : Math.min(capMs, intervalMs * factor ** (failures - 1))
  return Math.ceil(jitter === 'full' ? whole * random : whole)
}
