import { type Answer, answerOf, type Facts } from '../facts.js'

/** The batch that came once more ran nothing, changed nothing, and was answered with success. */
export function redelivery({ redelivery: again, history }: Facts): Answer {
  if (again === undefined) return { ok: false, detail: 'no settled batch was delivered again' }
  const { requestId, kind, batch, failures, effectsBefore, effectsAfter } = again
  const runs = history.runs.filter((run) => run.requestId === requestId).length
  const line = history.batches.find((one) => one.requestId === requestId)
  const complaints = [
    ...(kind === 'ok' ? [] : [`the invocation ended with ${kind}`]),
    ...(failures === 0 ? [] : [`${failures} records were reported as failed`]),
    ...(runs === 0 ? [] : [`the handler ran ${runs} times`]),
    ...(line?.skipped === batch.length ? [] : [`${line?.skipped ?? 'none'} of ${batch.length} records were skipped`]),
    ...(effectsAfter === effectsBefore ? [] : [`effects went from ${effectsBefore} to ${effectsAfter}`]),
  ]
  return answerOf(complaints, `${batch.length} settled records came again: all skipped, no handler run, no effect`)
}
