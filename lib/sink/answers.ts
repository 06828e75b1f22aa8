import { discreetMessage } from '../discreet.js'
import { asError, kindOf, MillraceError } from '../errors.js'
import type { Acknowledgement, Sink, SinkRecord } from './contract.js'

/** A record that is written for good. */
export const written: Acknowledgement = { ok: true }

/** A record that another try may write. */
export function unwritten(sink: string, thrown: unknown): Acknowledgement {
  const cause = asError(thrown)
  const text = (why: string) => `the sink ${sink} did not acknowledge: ${why}; the record is reported and comes again`
  const discreet = text(discreetMessage(cause))
  return { ok: false, error: new MillraceError('ML_SINK_FAILED', text(cause.message), { cause, discreet }) }
}

/** A record that this sink will never take. */
export function refused(sink: string, thrown: unknown): Acknowledgement {
  const cause = asError(thrown)
  const text = (why: string) => `the sink ${sink} refuses the record for good: ${why}`
  const discreet = text(discreetMessage(cause))
  return {
    ok: false,
    status: 'fallback',
    error: new MillraceError('ML_SINK_REFUSED', text(cause.message), { cause, discreet }),
  }
}

/**
 * Has a sink write, and holds it to its contract: one acknowledgement for each record, well formed, before the signal aborts. What
 * throws, answers otherwise or too late has acknowledged nothing. No records are no call. Never throws.
 */
export async function handOver(
  sink: Sink,
  records: readonly SinkRecord[],
  signal: AbortSignal,
): Promise<readonly Acknowledgement[]> {
  if (records.length === 0) return []
  const none = (acknowledgement: Acknowledgement) => records.map(() => acknowledgement)
  let tooLate = () => {}
  const late = new Promise<readonly Acknowledgement[]>((resolve) => {
    tooLate = () => resolve(none(unwritten(sink.name, signal.reason)))
  })
  if (signal.aborted) tooLate()
  else signal.addEventListener('abort', tooLate, { once: true })
  try {
    return signal.aborted ? await late : await Promise.race([answersOf(sink, records, signal), late])
  } catch (thrown) {
    return none(unwritten(sink.name, thrown))
  } finally {
    signal.removeEventListener('abort', tooLate)
  }
}

async function answersOf(sink: Sink, records: readonly SinkRecord[], signal: AbortSignal) {
  const answers: unknown = await sink.write(records, signal)
  const breach = (what: string) => {
    const acknowledgement: Acknowledgement = { ok: false, error: breachOf(sink.name, what) }
    return records.map(() => acknowledgement)
  }
  if (!Array.isArray(answers)) return breach(`answered ${kindOf(answers)}`)
  if (answers.length !== records.length) return breach(`answered ${answers.length} times for ${records.length} records`)
  // A hole in it is no acknowledgement either: not `find`'s undefined.
  const malformed = answers.findIndex((answer) => !isAcknowledgement(answer))
  if (malformed !== -1) return breach(`answered ${kindOf(answers[malformed])} for ${records[malformed]?.id}`)
  return answers as readonly Acknowledgement[]
}

/** A breach of the contract of sinks. */
export const breachOf = (sink: string, what: string, cause?: Error): MillraceError =>
  new MillraceError(
    'ML_SINK_CONTRACT',
    `the sink ${sink} ${what}; write() answers { ok: true } or { ok: false, error } for each record, in their order. ` +
      'Nothing of it counts as written; the records are reported and come again',
    { cause },
  )

/** One well-formed answer of a sink. */
export function isAcknowledgement(answer: unknown): answer is Acknowledgement {
  const { ok, error, status } = (answer ?? {}) as { ok?: unknown; error?: unknown; status?: unknown }
  if (ok === true) return true
  const isStatus = status === undefined || status === 'retry' || status === 'fallback'
  return ok === false && error instanceof Error && isStatus
}
