import type { Clock } from '../../clock.js'

/** How long somebody waits. */
export interface Patience {
  readonly clock: Clock
  /** Epoch milliseconds. */
  readonly until: number
  /** Ends it early. */
  readonly signal: AbortSignal
}

/** How a wait ended: with what was waited for, when the time was over, or because somebody asked for an end. */
export type Waited<T> =
  | { readonly end: 'done'; readonly value: T }
  | { readonly end: 'late' }
  | { readonly end: 'stopped' }

/** From one question to the next, in milliseconds: the first answers come soon where they are near. */
const pace = { first: 50, most: 2_000, factor: 1.5 } as const

/** Asks until there is an answer; once at least. */
export async function waitFor<T>(
  ask: () => Promise<T | undefined>,
  { clock, until, signal }: Patience,
): Promise<Waited<T>> {
  for (let ms: number = pace.first; ; ms = Math.min(pace.most, ms * pace.factor)) {
    const value = await ask()
    if (value !== undefined) return { end: 'done', value }
    if (signal.aborted) return { end: 'stopped' }
    const left = until - clock.now()
    if (left <= 0) return { end: 'late' }
    await clock.sleep(Math.min(ms, left), signal)
  }
}
