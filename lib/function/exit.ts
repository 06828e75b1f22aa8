import type { Log } from '../engine/index.js'

/**
 * Says so when the process ends in the middle of a batch, by `process.exit` or an error thrown in a callback: nothing of it counts
 * as handled, and whoever reads the log shall know why all of it comes again (T-05).
 *
 * @returns how to stop: the batch is over
 */
export function warnOfExit(log: Log): () => void {
  const warn = (exitCode: number) =>
    log.error(
      'exit: the process ended while a batch was under way; what is not settled comes again. Do not call process.exit in a ' +
        'handler: throw, or answer retry() or fallback()',
      { exitCode },
    )
  process.once('exit', warn)
  return () => process.off('exit', warn)
}
