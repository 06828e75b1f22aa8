import type { Attempt } from '../local/esm/index.js'
import { counted } from './counted.js'

/** What a program wants to know of one invocation; what JSON leaves out is not known. */
export interface BatchFacts {
  readonly mapping: string
  readonly batch: number
  readonly attempt: number
  readonly redelivered: boolean
  readonly records: number
  readonly partitions: number
  readonly decision: Attempt['decision']['kind']
  /** Records that come again. */
  readonly again: number
  readonly reason: string | undefined
  readonly requestId: string | undefined
  readonly durationMs: number | undefined
  /** The first invocation of its process. */
  readonly coldStart: boolean | undefined
  /** Of the function's code, see `reloaded`. */
  readonly version: number | undefined
}

export function batchFacts({ mapping, batch, attempt, redelivered, event, result, decision }: Attempt): BatchFacts {
  const partitions = Object.values(event.records)
  const records = partitions.reduce((sum, { length }) => sum + length, 0)
  return {
    mapping,
    batch,
    attempt,
    redelivered,
    records,
    partitions: partitions.length,
    decision: decision.kind,
    again: comeAgain(decision, records),
    reason: 'reason' in decision ? decision.reason : undefined,
    requestId: result?.requestId,
    durationMs: result?.durationMs,
    coldStart: result?.coldStart,
    version: result?.version,
  }
}

/** One invocation in one line, for people. */
export function batchLine({
  mapping,
  batch,
  attempt,
  records,
  partitions,
  again,
  reason,
  durationMs,
  coldStart,
}: BatchFacts): string {
  const tries = attempt > 1 ? `, attempt ${attempt}` : ''
  const took = durationMs === undefined ? '' : ` in ${Math.round(durationMs)} ms${coldStart ? ' (cold start)' : ''}`
  const became = again === 0 ? 'settled' : `${again} come again${reason === undefined ? '' : `: ${reason}`}`
  return `${mapping} batch ${batch}${tries}: ${counted(records, 'record')} of ${counted(partitions, 'partition')}${took}, ${became}`
}

function comeAgain(decision: Attempt['decision'], records: number): number {
  if (decision.kind === 'settled') return 0
  if (decision.kind !== 'partial') return records
  return [...decision.failures.values()].reduce((sum, { size }) => sum + size, 0)
}
