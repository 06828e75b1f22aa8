import { MillraceError } from '../errors.js'
import type { RawRecord } from '../event/index.js'
import type { Acknowledgement, Failure } from '../sink/index.js'
import type { Log } from './engine.js'
import type { Verdict } from './verdict.js'

/** One line per decision that is not ok (P-04, K-15). Answers under which outcome the record counts. */
export function logVerdict(
  log: Log,
  record: RawRecord,
  verdict: Verdict,
  acknowledgement: Acknowledgement | undefined,
): Verdict['status'] {
  const { topic, partition, offset } = record
  const id = { topic, partition, offset }
  switch (verdict.status) {
    case 'ok':
      return 'ok'
    case 'drop':
      // Asked for, or the policy's way with what failed.
      if (verdict.failure.rule === 'outcome') log.info('drop', { ...id, ...decision(verdict.failure) })
      else log.warn('drop', { ...id, ...decision(verdict.failure) })
      return 'drop'
    case 'duplicate':
      log.info('duplicate', { ...id, stage: 'process', rule: 'idempotencyKey', owner: verdict.owner })
      return 'duplicate'
    case 'retry':
      log.warn('retry', { ...id, ...decision(verdict.failure), notBefore: verdict.notBefore })
      return 'retry'
    case 'hold':
      log.info('hold', { ...id, ...decision(verdict.failure), notBefore: verdict.notBefore, holds: verdict.holds })
      return 'hold'
    case 'fail':
      log.error('fail', { ...id, ...decision(verdict.failure) })
      return 'fail'
    case 'fallback':
      if (acknowledgement?.ok) {
        log.warn('fallback', { ...id, ...decision(verdict.failure) })
        return 'fallback'
      }
      log.error('retry', {
        ...id,
        ...decision(verdict.failure),
        stage: 'sink',
        rule: 'unacknowledged',
        reason: acknowledgement?.error.message ?? 'no acknowledgement',
      })
      return 'retry'
  }
}

function decision({ attempts, stage, rule, cause, reason, error }: Failure): Record<string, unknown> {
  const why = { stage, rule, ...(cause && { cause }), reason }
  return { attempt: attempts, ...why, ...(error && { error: errorFields(error) }) }
}

function errorFields(error: Error): object {
  // The framework's own errors say all in their message; of others the stack says where.
  const more = error instanceof MillraceError ? { code: error.code } : { stack: error.stack }
  return { name: error.name, message: error.message, ...more }
}
