/** Which record a line of the log is of. */
export interface Place {
  readonly partition: number
  readonly offset: number
}

/** One run of the handler, by its own line. */
export interface Run extends Place {
  /** Epoch ms. */
  readonly at: number
  readonly requestId: string
  readonly pid: number
  readonly attempt: number
  readonly orderId: string
  readonly customerId: string
  readonly seq: number
}

/** One decision that is not ok: the framework's, or of a hold the handler's own line. */
export interface Decision extends Place {
  readonly requestId: string
  readonly decision: 'retry' | 'fallback' | 'drop' | 'held'
  readonly stage: string
  readonly rule: string
}

/** One invocation that settled, by the framework's own line. */
export interface BatchLine {
  readonly requestId: string
  readonly pid: number
  readonly records: number
  readonly skipped: number
}

/** What the function's log says of the run, each list in the order of the log. */
export interface History {
  readonly runs: readonly Run[]
  readonly decisions: readonly Decision[]
  readonly batches: readonly BatchLine[]
}

/** Where a line comes from. */
export interface Origin {
  readonly requestId?: string | undefined
  readonly pid: number
}

/** Reads the log of a function line by line, as it is written. */
export interface HistoryReader {
  readonly history: History
  /** Answers the run, where the line tells of one. */
  read(line: string, origin: Origin): Run | undefined
}

const decisions = new Set(['retry', 'fallback', 'drop', 'held'])

/** Starts with an empty history. Lines that are not about records of this topic are passed over. */
export function historyReader(topic: string): HistoryReader {
  const runs: Run[] = []
  const decided: Decision[] = []
  const batches: BatchLine[] = []
  return {
    history: { runs, decisions: decided, batches },
    read(line, { requestId = '', pid }) {
      const fields = parse(line)
      if (fields?.topic !== topic || typeof fields.message !== 'string') return undefined
      const { message } = fields
      if (message === 'batch') {
        batches.push({ requestId, pid, records: Number(fields.records), skipped: Number(fields.skipped) })
      } else if (decisions.has(message)) {
        const decision = message as Decision['decision']
        decided.push({
          ...placeIn(fields),
          requestId,
          decision,
          stage: String(fields.stage),
          rule: String(fields.rule),
        })
      } else if (message === 'order') {
        const run: Run = { ...placeIn(fields), requestId, pid, ...orderIn(fields) }
        runs.push(run)
        return run
      }
      return undefined
    },
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    // A line cut off by the death of the process.
    return undefined
  }
}

const placeIn = ({ partition, offset }: Record<string, unknown>): Place => ({
  partition: Number(partition),
  offset: Number(offset),
})

const orderIn = ({ timestamp, attempt, orderId, customerId, seq }: Record<string, unknown>) => ({
  at: Date.parse(String(timestamp)),
  attempt: Number(attempt),
  orderId: String(orderId),
  customerId: String(customerId),
  seq: Number(seq),
})
