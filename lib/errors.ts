import { checkCodes } from './check-codes.js'

/**
 * Every error the framework raises, by code. A code never changes its meaning; docs/errors.md lists them all.
 * Grouped by the stage that raises them.
 */
export const errorCodes = [
  // deployment
  'ML_DEPLOYMENT_INCOMPLETE',
  'ML_DEPLOYMENT_INVALID',
  'ML_RETRIES_TOO_FEW',
  'ML_QUEUE_MODE',
  'ML_GROUP_TAKEN',
  'ML_OPTION_INVALID',
  // event
  'ML_EVENT_NOT_KAFKA',
  'ML_EVENT_INVALID',
  'ML_EVENT_OFFSET_UNSAFE',
  'ML_EVENT_DUPLICATE_RECORD',
  'ML_EVENT_MIXED_TOPICS',
  'ML_EVENT_NO_MAPPING',
  // codec
  'ML_DECODE_BASE64',
  'ML_DECODE_UTF8',
  'ML_DECODE_JSON',
  'ML_DECODE_FAILED',
  'ML_RECORD_INVALID',
  // outcome
  'ML_OUTCOME_UNKNOWN',
  'ML_OUTCOMES_MISCOUNTED',
  'ML_HANDLER_THREW',
  'ML_HANDLER_TIMEOUT',
  'ML_HANDLER_PENDING',
  // idempotency keys
  'ML_IDEMPOTENCY_KEY_MISSING',
  'ML_IDEMPOTENCY_KEY_INVALID',
  'ML_RESULT_INVALID',
  // ledger
  'ML_STORE_UNREACHABLE',
  'ML_STORE_FAILED',
  'ML_TABLE_MISSING',
  'ML_LEDGER_FORMAT',
  'ML_TRANSACTIONS_UNSUPPORTED',
  'ML_TRANSACTION_LIMIT',
  'ML_EFFECT_REFUSED',
  // sink
  'ML_OUTPUT_INVALID',
  'ML_SINK_FAILED',
  'ML_KAFKA_BROKERS_MISSING',
  'ML_KAFKA_SIGNER_MISSING',
  'ML_KAFKA_UNAUTHENTICATED',
  'ML_KAFKA_UNREACHABLE',
  'ML_PARTITION_INVALID',
  'ML_PRODUCE_UNFINISHED',
  'ML_SINK_REFUSED',
  'ML_SINK_CONTRACT',
  'ML_ENVELOPE_INVALID',
  'ML_ENVELOPE_HASH',
  'ML_ENVELOPE_MISSING',
  'ML_ENVELOPE_IN_HAND',
  'ML_REDRIVE_UNREAD',
  'ML_OFFSET_OUT_OF_RANGE',
  // answer
  'ML_BATCH_FAILED',
  'ML_RECORD_FAILED',
  'ML_ANSWER_REPLACED',
  'ML_ANSWER_INVALID',
  // local
  'ML_LOCAL_PORT_IN_USE',
  'ML_LOCAL_STORE_MISSING',
  'ML_LOCAL_TEMPLATE',
  'ML_LOCAL_BUNDLE',
  'ML_LOCAL_MAPPING_UNSUPPORTED',
  'ML_LOCAL_TOPIC_MISSING',
  'ML_LOCAL_KAFKA_UNREACHABLE',
  'ML_LOCAL_STOPPED',
  'ML_LOCAL_THROTTLED',
  'ML_LOCAL_DATA_IN_USE',
  'ML_LOCAL_DATA_CORRUPT',
  'ML_LOCAL_DATA_FAILED',
  'ML_PRODUCE_FAILED',
  'ML_FIXTURE_INVALID',
  'ML_LOCAL_SOURCE_FAILED',
  'ML_LOCAL_BATCH_UNREADABLE',
  'ML_LOCAL_FILTER_INVALID',
  'ML_LOCAL_DESTINATION_FAILED',
  // main job
  'ML_START_NOT_EMPTY',
  'ML_START_OVERDUE',
  'ML_START_INTERRUPTED',
  // real lane
  'ML_REAL_INSTALL',
  'ML_REAL_START',
  // command line and plugin
  'ML_CHAOS_UNSETTLED',
  'ML_NEW_REFUSED',
  'ML_STACK_MISSING',
  'ML_STACK_UNREACHABLE',
  'ML_LAMBDA_FAILED',
  'ML_MAPPING_MISSING',
  'ML_MAPPING_STUCK',
  'ML_USAGE',
  'ML_PLUGIN_CONFIG',
  'ML_TABLES_UNKNOWN',
  'ML_TABLE_OCCUPIED',
  'ML_BUNDLE_TOO_LARGE',
  'ML_TEMPLATE_TOO_LARGE',
  ...checkCodes,
] as const

/** One of the stable error codes, for example `ML_TABLE_MISSING`. */
export type ErrorCode = (typeof errorCodes)[number]

/**
 * An error with a stable `code`, a message that says what to do next, and the `cause` it wraps.
 *
 * @example
 * ```ts
 * import { MillraceError } from 'millrace'
 *
 * const error = new MillraceError('ML_TABLE_MISSING', 'no table "t"; create it with `serverless deploy`')
 * console.log(error.code) // ML_TABLE_MISSING
 * ```
 */
export class MillraceError extends Error {
  override readonly name = 'MillraceError'
  readonly code: ErrorCode
  /** What logs say in place of a message that quotes a record; undefined: the message. */
  readonly discreet: string | undefined

  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { readonly discreet?: string }) {
    super(`${code}: ${message}`, options)
    this.code = code
    this.discreet = options?.discreet && `${code}: ${options.discreet}`
  }
}

/**
 * The error itself, or an Error that says what was thrown instead of one (`throw 'x'` is legal JavaScript). Never throws, and of
 * what it answers name, message and stack can be read: one hostile error may fail its record, not the batch.
 */
export function asError(thrown: unknown): Error {
  if (isReadable(thrown)) return thrown
  const text = (what: string) => `a value that is no Error was thrown: ${what}; throw an Error`
  // A text is a message; an object may be what the record carried.
  const discreet = typeof thrown === 'string' ? undefined : text(kindOf(thrown))
  return new MillraceError('ML_HANDLER_THREW', text(show(thrown)), { cause: thrown, ...(discreet && { discreet }) })
}

/** An Error whose texts are texts, whatever getters and proxies there are. */
function isReadable(thrown: unknown): thrown is Error {
  try {
    if (!(thrown instanceof Error)) return false
    const { name, message, stack, cause: _cause } = thrown
    return typeof name !== 'symbol' && typeof message !== 'symbol' && (stack === undefined || typeof stack === 'string')
  } catch {
    return false
  }
}

/** A short rendering of any value for a message. Never throws. */
export function show(value: unknown): string {
  try {
    const text = typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value))
    return text.length > 200 ? `${text.slice(0, 200)}…` : text
  } catch {
    return tagOf(value)
  }
}

function tagOf(value: unknown): string {
  try {
    return Object.prototype.toString.call(value)
  } catch {
    return `[${typeof value}]`
  }
}

/** What kind of value it is, for a message about what a handler made, which may be a payload: logs carry none. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'object') return listOf(value) ?? 'an object'
  return `a ${typeof value}`
}

function listOf(value: object): string | undefined {
  try {
    return Array.isArray(value) ? `a list of ${value.length}` : undefined
  } catch {
    // A proxy that was revoked.
    return undefined
  }
}
