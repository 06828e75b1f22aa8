import type { Run } from '../../history/index.js'
import { placeOf } from '../../orders/index.js'
import { type Answer, answerOf, type Facts } from '../facts.js'
import { runId } from './order.js'

/** Runs of records that had run before. */
export interface RunsCheck {
  readonly reruns: number
  readonly answer: Answer
}

/** Every run is of an order that was produced there, and every rerun is explained: by a retry decided before it, or by the kill. */
export function runs({ produced, history, kill }: Facts): RunsCheck {
  const expected = new Map(produced.map((record) => [placeOf(record), orderIdOf(record.fate)]))
  const retried = new Set(history.decisions.filter(({ decision }) => decision === 'retry').map(runId))
  const last = new Map<string, Run>()
  const failures = new Map<string, number>()
  const complaints: string[] = []
  let reruns = 0
  for (const run of history.runs) {
    const place = placeOf(run)
    if (expected.get(place) !== run.orderId)
      complaints.push(`${place} ran as ${run.orderId}, produced was ${expected.get(place)}`)
    const before = last.get(place)
    last.set(place, run)
    if (before !== undefined) {
      reruns++
      const wasKilled = before.requestId === kill?.requestId && kill.unsettled.has(place)
      if (!retried.has(runId(before)) && !wasKilled) complaints.push(`${place} ran again without a reason`)
    }
    if (run.attempt !== (failures.get(place) ?? 0) + 1) complaints.push(`${place} ran as attempt ${run.attempt}`)
    if (retried.has(runId(run))) failures.set(place, (failures.get(place) ?? 0) + 1)
  }
  for (const [place, orderId] of expected) {
    if (orderId !== undefined && !last.has(place)) complaints.push(`${orderId} at ${place} never ran`)
  }
  const detail = `${history.runs.length} runs of ${last.size} records; each of ${reruns} reruns follows a retry decision or the kill`
  return { reruns, answer: answerOf(complaints, detail) }
}

/** The order whose runs the log tells of: dropped ones say nothing. */
function orderIdOf(fate: Facts['produced'][number]['fate']): string | undefined {
  return fate.outcome === 'dropped' ? undefined : fate.order?.orderId
}
