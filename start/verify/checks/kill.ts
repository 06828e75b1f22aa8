import { type Answer, answerOf, type Facts } from '../facts.js'

/** The worker died by SIGKILL in the middle of a batch, and another process took over. */
export function kill({ kill: death, history }: Facts): Answer {
  if (death === undefined) return { ok: false, detail: 'no worker was killed: no batch was seen in its middle' }
  const { pid, requestId, batch, kind, signal, gone } = death
  const started = history.runs.filter((run) => run.requestId === requestId).length
  const successor = history.runs.findLast((run) => run.pid !== pid)?.pid
  const complaints = [
    ...(kind === 'crash' && signal === 'SIGKILL'
      ? []
      : [`the invocation ended with ${kind} ${signal ?? ''}, not SIGKILL`]),
    ...(gone ? [] : [`the process ${pid} still lives`]),
    ...(started > 0 && started < batch.length
      ? []
      : [`${started} of ${batch.length} records had started: not the middle`]),
    ...(successor === undefined ? ['no other process ran a record'] : []),
  ]
  return answerOf(
    complaints,
    `process ${pid} died by SIGKILL ${started} records into a batch of ${batch.length}; ${successor} went on`,
  )
}
