import type { ErrorCode } from '../../lib/errors.js'

/** What a finding of a check means for the deployment. */
export interface Rule {
  readonly severity: 'error' | 'warning'
  /** What Lambda itself refuses or ignores stays an error, whoever knows better. */
  readonly canBeSilenced: boolean
}

const refused: Rule = { severity: 'error', canBeSilenced: false }
const unsafe: Rule = { severity: 'error', canBeSilenced: true }
const doubtful: Rule = { severity: 'warning', canBeSilenced: true }

/** All that the checks look for; docs/checks.md has a section for each. */
export const catalogue = {
  ML_CHECK_TIMEOUT_LONG: refused,
  ML_CHECK_TIMEOUT_SHORT: unsafe,
  ML_CHECK_TIMEOUT_UNSET: doubtful,
  ML_CHECK_LEASE: doubtful,
  ML_RETRIES_TOO_FEW: unsafe,
  ML_CHECK_RECORD_AGE: unsafe,
  ML_CHECK_RECORD_AGE_SHORT: doubtful,
  ML_CHECK_WINDOW: doubtful,
  ML_CHECK_BATCH: unsafe,
  ML_CHECK_MEMORY: unsafe,
  ML_CHECK_MEMORY_SHORT: doubtful,
  ML_CHECK_CONCURRENCY: unsafe,
  ML_CHECK_IDLE: doubtful,
  ML_CHECK_LATEST: unsafe,
  ML_CHECK_FILTER: refused,
  ML_CHECK_VPC: unsafe,
  ML_CHECK_LOOPBACK: unsafe,
  ML_CHECK_LOGS: unsafe,
  ML_CHECK_EXIT: doubtful,
  ML_CHECK_UNREAD: doubtful,
} as const satisfies Partial<Record<ErrorCode, Rule>>

/** The code of a check. */
export type CheckCode = keyof typeof catalogue

/** The codes that `millrace.checks` of a function may turn off. */
export const silenceable = Object.entries<Rule>(catalogue).flatMap(([code, { canBeSilenced }]) =>
  canBeSilenced ? [code as CheckCode] : [],
)
