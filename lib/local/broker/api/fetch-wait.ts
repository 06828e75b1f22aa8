import { waiting } from '../waiting.js'
import type { Context } from './api.js'
import type { FetchPartition } from './fetch.js'

/**
 * Resolves when `minBytes` can be read, when a partition must answer with an error, after `maxWaitMs` milliseconds,
 * or when the client is gone: whichever comes first. Woken by appends, not by polling.
 */
export async function untilReadable(
  wanted: readonly FetchPartition[],
  minBytes: number,
  maxWaitMs: number,
  context: Context,
): Promise<void> {
  if (maxWaitMs <= 0 || context.gone.aborted || answerable(wanted, minBytes, context)) return
  const { promise, answer: done } = waiting<void>()
  const recheck = () => {
    if (answerable(wanted, minBytes, context)) done()
  }
  const ends = wanted.map(({ topic, partition }) => context.topics.partition(topic, partition)?.watch(recheck))
  const cancelTimer = context.timers.after(maxWaitMs, done)
  const onGone = () => done()
  context.gone.addEventListener('abort', onGone)
  await promise
  context.gone.removeEventListener('abort', onGone)
  cancelTimer()
  for (const end of ends) end?.()
}

function answerable(wanted: readonly FetchPartition[], minBytes: number, context: Context): boolean {
  if (wanted.length === 0) return true
  let readable = 0
  for (const { topic, partition, offset, maxBytes } of wanted) {
    const log = context.topics.partition(topic, partition)
    if (log === undefined || !log.contains(offset)) return true
    // A partition's own limit counts, but a single batch beyond it is readable too.
    readable += Math.min(log.bytesFrom(offset), Math.max(maxBytes, 1))
    if (readable >= minBytes) return true
  }
  return readable >= minBytes
}
