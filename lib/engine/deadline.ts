import { setMaxListeners } from 'node:events'
import type { Clock } from '../clock.js'
import type { Invocation } from './engine.js'

/** The end of an invocation's time, in three steps of its reserve. */
export interface Deadline {
  /** Whether a record may still be started at this time, epoch ms (T-21). */
  mayStart(now: number): boolean
  /** Epoch ms from which on no record is started; Infinity for an invocation without an end. */
  readonly lastStart: number
  /** Aborts as the reserve begins: for handlers. */
  readonly signal: AbortSignal
  /** Resolves when half of the reserve is left: what has not ended by then is cut off. */
  readonly cutOff: Promise<void>
  /** Whether it has come to that. */
  isCutOff(): boolean
  /** Aborts when a quarter of the reserve is left: for sinks, so that time to settle remains. */
  readonly sinkSignal: AbortSignal
  /** Ends the timers. */
  end(): void
}

/** Starts watching the time. An invocation without an end (a plain unit test) has no timers. */
export function watchDeadline(clock: Clock, { remainingMs, reserveMs }: Invocation): Deadline {
  const [handlers, sinks] = [new AbortController(), new AbortController()]
  // Every record under way may listen.
  setMaxListeners(0, handlers.signal, sinks.signal)
  const timers: (() => void)[] = []
  const atReserve = (share: number, callback: () => void) => {
    const ms = remainingMs() - reserveMs * share
    if (Number.isFinite(ms)) timers.push(clock.after(Math.max(0, ms), callback))
  }
  atReserve(1, () => handlers.abort(new Error("the invocation's time runs out")))
  atReserve(1 / 4, () => sinks.abort(new Error("the invocation's time runs out")))
  const lastStart = clock.now() + remainingMs() - reserveMs
  let over = false
  const cutOff = new Promise<void>((resolve) =>
    atReserve(1 / 2, () => {
      over = true
      resolve()
    }),
  )
  return {
    mayStart: (now) => !over && now < lastStart,
    lastStart,
    signal: handlers.signal,
    cutOff,
    isCutOff: () => over,
    sinkSignal: sinks.signal,
    end: () => {
      for (const cancel of timers) cancel()
    },
  }
}
