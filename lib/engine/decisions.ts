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
      log.info('drop', {
        ...id,
        attempt: verdict.attempt,
        stage: 'process',
        rule: verdict.rule ?? 'outcome',
        reason: verdict.reason,
      })
      return 'drop'
    case 'duplicate':
      log.info('duplicate', { ...id, stage: 'process', rule: 'idempotencyKey', owner: verdict.owner })
      return 'duplicate'
    case 'retry':
      log.warn('retry', { ...id, ...decision(verdict.failure) })
      return 'retry'
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

function decision({ attempts, stage, rule, reason, error }: Failure): Record<string, unknown> {
  return { attempt: attempts, stage, rule, reason, ...(error && { error: errorFields(error) }) }
}

function errorFields(error: Error): object {
  // The framework's own errors say all in their message; of others the stack says where.
  const more = error instanceof MillraceError ? { code: error.code } : { stack: error.stack }
  return { name: error.name, message: error.message, ...more }
}
