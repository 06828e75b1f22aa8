import type { Sink } from '../sink/index.js'

/**
 * Closes sinks when the environment is told that it ends, which Lambda does (SIGTERM) where an extension is registered. Elsewhere
 * the process just ends, and its connections with it: what sinks have acknowledged is there.
 */
export function closeAtEnd(sinks: readonly Sink[]): void {
  // A unit test's process is its own.
  if (process.env.AWS_LAMBDA_RUNTIME_API === undefined || !sinks.some(({ close }) => close !== undefined)) return
  process.once('SIGTERM', async () => {
    await Promise.allSettled(sinks.map((sink) => sink.close?.()))
    // Whoever else listens ends the process; nobody does: the signal does what it does.
    if (process.listenerCount('SIGTERM') === 0) process.kill(process.pid, 'SIGTERM')
  })
}
