import { asError, MillraceError } from '../errors.js'
import type { Sink, SinkContext } from './contract.js'

/**
 * Opens sinks, each once; where one cannot be opened, it is tried again the next time.
 *
 * @returns what to call before each batch: `ms` are the milliseconds that opening may take. It throws MillraceError
 *   `ML_SINK_FAILED`, which names the sink.
 */
export function opening(sinks: readonly Sink[]): (context: SinkContext, ms: number) => Promise<void> {
  const opened = new Map<Sink, Promise<void>>()
  const due = new Set(sinks.filter(({ open }) => open !== undefined))
  return async (context, ms) => {
    for (const sink of due) {
      const isOpen = opened.get(sink) ?? openOne(sink, context, ms)
      opened.set(sink, isOpen)
      try {
        await isOpen
      } catch (error) {
        opened.delete(sink)
        throw error
      }
    }
  }
}

async function openOne(sink: Sink, context: SinkContext, ms: number): Promise<void> {
  let cancel = () => {}
  try {
    const late = new Promise<never>((_, reject) => {
      if (Number.isFinite(ms)) cancel = context.clock.after(ms, () => reject(new Error(`not open after ${ms} ms`)))
    })
    await Promise.race([sink.open?.(context), late])
  } catch (thrown) {
    const cause = asError(thrown)
    const text = `the sink ${sink.name} cannot be opened: ${cause.message}; the batch comes again, and it is tried again`
    throw new MillraceError('ML_SINK_FAILED', text, { cause })
  } finally {
    cancel()
  }
}
