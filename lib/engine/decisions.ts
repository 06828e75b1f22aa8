import { discreetMessage, discreetStack } from '../discreet.js'
import { MillraceError } from '../errors.js'
import type { RawRecord } from '../event/index.js'
import type { Acknowledgement, Failure, Stage } from '../sink/index.js'
import { traceOf } from '../trace/index.js'
import type { Log } from './engine.js'
import { asked, foreign, type Verdict } from './verdict.js'

/** What a verdict has come to, once its sinks have answered. */
export interface Decision {
  /** The outcome that the record counts under. */
  readonly status: Verdict['status']
  /** Where it failed, if it has. */
  readonly stage?: Stage
}

/** One line per decision that is not ok (P-04, K-15). No line quotes a record, unless the log is to have payloads. */
export function decide(
  log: Log,
  record: RawRecord,
  verdict: Verdict,
  acknowledgement: Acknowledgement | undefined,
): Decision {
  switch (verdict.status) {
    case 'ok':
      return okDecision
    case 'drop': {
      const { stage, rule } = verdict.failure
      const fields = { ...idOf(record, log), ...failureFields(verdict.failure, log) }
      if (rule === asked || rule === foreign) {
        log.info('drop', fields)
        return { status: 'drop' }
      }
      // The policy's way with what failed.
      log.warn('drop', fields)
      return { status: 'drop', stage }
    }
    case 'duplicate': {
      const { rule, owner } = verdict
      log.info('duplicate', { ...idOf(record, log), stage: 'process', rule, owner })
      return { status: 'duplicate' }
    }
    case 'retry':
      log.warn('retry', { ...idOf(record, log), ...failureFields(verdict.failure, log), ...waitOf(verdict) })
      return { status: 'retry', stage: verdict.failure.stage }
    case 'hold': {
      const { holds } = verdict
      log.info('hold', { ...idOf(record, log), ...failureFields(verdict.failure, log), ...waitOf(verdict), holds })
      return { status: 'hold' }
    }
    case 'fail':
      log.error('fail', { ...idOf(record, log), ...failureFields(verdict.failure, log) })
      return { status: 'fail', stage: verdict.failure.stage }
    case 'fallback': {
      const fields = { ...idOf(record, log), ...failureFields(verdict.failure, log) }
      if (acknowledgement?.ok) {
        log.warn('fallback', fields)
        return { status: 'fallback', stage: verdict.failure.stage }
      }
      const why = acknowledgement?.error
      const reason = why === undefined ? 'no acknowledgement' : messageOf(why, log)
      log.error('retry', { ...fields, stage: 'sink', rule: 'unacknowledged', reason })
      return { status: 'retry', stage: 'sink' }
    }
  }
}

/** 0 is no time: it may come again at once. */
const waitOf = ({ notBefore }: { readonly notBefore: number }) => (notBefore > 0 ? { notBefore } : {})

const okDecision: Decision = { status: 'ok' }

/** What names a record in a line: where it is from, and its trace. */
function idOf(record: RawRecord, { payloads }: Log): Record<string, unknown> {
  const { topic, partition, offset } = record
  return { topic, partition, offset, ...traceFields(record), ...(payloads && payloadOf(record)) }
}

/** The id under which tracing tools find a line, by OpenTelemetry's name. */
export function traceFields({ headers }: Pick<RawRecord, 'headers'>): { readonly trace_id?: string } {
  if (headers.length === 0) return {}
  const trace = traceOf(headers)
  return trace === undefined ? {} : { trace_id: trace.traceId }
}

/** As it was delivered: in base64, for it may be anything. */
const payloadOf = ({ wireText: { key, value } }: RawRecord) => ({ key, value })

/** `cause`: of what is exhausted, the rule of its last failure. */
function failureFields({ attempts, stage, rule, cause, reason, error }: Failure, log: Log): Record<string, unknown> {
  const why = { attempt: attempts, stage, rule, ...(cause && { cause }) }
  if (error === undefined) return { ...why, reason }
  return { ...why, reason: messageOf(error, log), error: errorFields(error, log) }
}

const messageOf = (error: Error, { payloads }: Log): string => (payloads ? error.message : discreetMessage(error))

/** An error for a log line. */
export function errorFields(error: Error, log: Log): object {
  // The framework's own errors say all in their message; of others the stack says where.
  const more =
    error instanceof MillraceError ? { code: error.code } : { stack: log.payloads ? error.stack : discreetStack(error) }
  return { name: error.name, message: messageOf(error, log), ...more }
}
