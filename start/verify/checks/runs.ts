import type { History, Run } from '../../history/index.js'
import { placeOf } from '../../orders/index.js'
import { type Answer, answerOf, type Facts } from '../facts.js'
import { retriedRuns, runId } from './order.js'

/** Runs of records that had run before. */
export interface RunsCheck {
  readonly reruns: number
  readonly answer: Answer
}

/**
 * Every run is of an order that was produced there, and every rerun is explained: by a retry decided before it, by the retry of
 * a record ahead of it in its lane, or by the kill.
 */
export function runs({ produced, history, kill }: Facts): RunsCheck {
  const expected = new Map(produced.map((record) => [placeOf(record), orderIdOf(record.fate)]))
  const retried = retriedRuns(history.decisions)
  const inVain = runsInVain(history, retried)
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
      const isRetry = retried.has(runId(before))
      if (!isRetry && !wasKilled && !inVain.has(runId(before))) complaints.push(`${place} ran again without a reason`)
      // The dead process may have recorded a failure that it came no longer to tell of.
      if (wasKilled && run.attempt === (failures.get(place) ?? 0) + 2) failures.set(place, run.attempt - 1)
    }
    if (run.attempt !== (failures.get(place) ?? 0) + 1) complaints.push(`${place} ran as attempt ${run.attempt}`)
    if (retried.has(runId(run))) failures.set(place, (failures.get(place) ?? 0) + 1)
  }
  for (const [place, orderId] of expected) {
    if (orderId !== undefined && !last.has(place)) complaints.push(`${orderId} at ${place} never ran`)
  }
  const detail = `${history.runs.length} runs of ${last.size} records; each of ${reruns} reruns follows a retry decided in its lane, or the kill`
  return { reruns, answer: answerOf(complaints, detail) }
}

/** Runs behind one of the same customer and invocation that has to run again: their effects were not to be. */
function runsInVain({ runs: all }: History, retried: ReadonlySet<string>): ReadonlySet<string> {
  const first = new Map<string, number>()
  const lane = ({ requestId, customerId }: Run) => `${requestId} ${customerId}`
  for (const run of all) if (retried.has(runId(run)) && !first.has(lane(run))) first.set(lane(run), run.offset)
  return new Set(all.filter((run) => run.offset > (first.get(lane(run)) ?? Number.POSITIVE_INFINITY)).map(runId))
}

/** The order whose runs the log tells of: dropped ones say nothing. */
function orderIdOf(fate: Facts['produced'][number]['fate']): string | undefined {
  return fate.outcome === 'dropped' ? undefined : fate.order?.orderId
}
