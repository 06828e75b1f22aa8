import { placeOf } from '../../orders/index.js'
import { type Answer, answerOf, type Facts } from '../facts.js'

/** The worker died by SIGKILL in the middle of a batch, and another process took over. */
export function kill({ kill: death, history }: Facts): Answer {
  if (death === undefined) return { ok: false, detail: 'no worker was killed: no batch was seen in its middle' }
  const { pid, requestId, unsettled, batch, kind, signal, gone } = death
  const ran = new Set(history.runs.filter((run) => run.requestId === requestId).map(placeOf))
  const settled = [...ran].filter((place) => !unsettled.has(place)).length
  const successor = history.runs.findLast((run) => run.pid !== pid)?.pid
  const complaints = [
    ...(kind === 'crash' && signal === 'SIGKILL'
      ? []
      : [`the invocation ended with ${kind} ${signal ?? ''}, not SIGKILL`]),
    ...(gone ? [] : [`the process ${pid} still lives`]),
    ...(settled > 0 && unsettled.size > 0
      ? []
      : [`of ${ran.size} records that it ran ${settled} were settled, and ${unsettled.size} not: not the middle`]),
    ...(successor === undefined ? ['no other process ran a record'] : []),
  ]
  return answerOf(
    complaints,
    `process ${pid} died by SIGKILL with ${unsettled.size} records of ${batch.length} unsettled; ${successor} went on`,
  )
}
