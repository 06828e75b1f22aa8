import { setTimeout as delay } from 'node:timers/promises'

/** Waits so many milliseconds; false when the signal was aborted before. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return !signal.aborted
}
