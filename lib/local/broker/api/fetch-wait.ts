import { waiting } from '../waiting.js'
import { code } from '../wire/codes.js'
import type { Context } from './api.js'
import { type FetchRequest, logOf } from './fetch.js'
import { endFor } from './isolation.js'
import { checkLeaderEpoch } from './leader-epoch.js'

/**
 * Resolves when as many bytes can be read as the request asks for, when a partition must answer with an error, when its
 * time is up, or when the client is gone: whichever comes first. Woken by appends, not by polling.
 */
export async function untilReadable(request: FetchRequest, context: Context): Promise<void> {
  if (request.maxWaitMs <= 0 || context.gone.aborted || isAnswerable(request, context)) return
  const { promise, answer: done } = waiting<void>()
  const recheck = () => {
    if (isAnswerable(request, context)) done()
  }
  const logs = request.topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition }) => logOf(topic, partition, request.byId, context)),
  )
  const ends = logs.map((log) => log?.watch(recheck))
  const cancelTimer = context.timers.after(request.maxWaitMs, done)
  const onGone = () => done()
  context.gone.addEventListener('abort', onGone)
  await promise
  context.gone.removeEventListener('abort', onGone)
  cancelTimer()
  for (const end of ends) end?.()
}

function isAnswerable(request: FetchRequest, context: Context): boolean {
  const { topics, byId, isolationLevel } = request
  const minBytes = Math.min(request.minBytes, request.maxBytes)
  if (topics.every(({ partitions }) => partitions.length === 0)) return true
  let readable = 0
  for (const { topic, partitions } of topics) {
    for (const { partition, leaderEpoch, offset, maxBytes } of partitions) {
      const log = logOf(topic, partition, byId, context)
      if (log === undefined || !log.contains(offset) || checkLeaderEpoch(leaderEpoch) !== code.none) return true
      // A partition's own limit counts, but a single batch beyond it is readable too.
      readable += Math.min(log.bytesFrom(offset, endFor(log, isolationLevel)), Math.max(maxBytes, 1))
      if (readable >= minBytes) return true
    }
  }
  return false
}
