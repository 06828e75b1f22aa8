import type { Attempt, Position } from './deliver.js'
import type { Decision } from './response.js'

/** One invocation, without the records' content. */
export interface HistoryEntry extends Position {
  /** Undefined where the function was not reached; so are the next three. */
  readonly requestId: string | undefined
  readonly kind: string | undefined
  readonly durationMs: number | undefined
  readonly decision: Decision['kind']
  /** Why the batch comes again. */
  readonly reason: string | undefined
  /** By partition key: how many records, and the offsets of the first and the last. */
  readonly partitions: Readonly<Record<string, { count: number; first: number; last: number }>>
}

/** How many invocations a mapping remembers. */
const historyLength = 1000

/** Remembers an invocation, and forgets the oldest beyond the bound. */
export function remember(history: HistoryEntry[], attempt: Attempt): void {
  history.push(entryOf(attempt))
  if (history.length > historyLength) history.shift()
}

function entryOf({ batch, attempt, redelivered, poller, event, result, decision }: Attempt): HistoryEntry {
  const partitions = Object.entries(event.records).flatMap(([key, records]) => {
    const [first, last] = [records[0], records.at(-1)]
    return first && last ? [[key, { count: records.length, first: first.offset, last: last.offset }] as const] : []
  })
  return {
    batch,
    attempt,
    redelivered,
    poller,
    requestId: result?.requestId,
    kind: result?.kind,
    durationMs: result?.durationMs,
    decision: decision.kind,
    reason: 'reason' in decision ? decision.reason : undefined,
    partitions: Object.fromEntries(partitions),
  }
}
