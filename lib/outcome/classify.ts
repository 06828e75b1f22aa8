/** What an error makes of its record, and the rule that decided. */
export interface Classified {
  readonly status: 'retry' | 'fallback' | 'drop'
  /** For the log and the envelope, for example `timeout`. */
  readonly rule: string
}

/** What is read of an error; undefined where it says nothing of the kind. */
interface Facts {
  /** Of an HTTP answer. */
  readonly httpStatus: number | undefined
  readonly code: string
  readonly name: string
  readonly message: string
  readonly isThrottled: boolean
  readonly hasIssues: boolean
  /** As `@smithy` says of the errors of AWS's clients. */
  readonly isRetryable: boolean
}

const timeoutCodes = new Set([
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ML_HANDLER_TIMEOUT',
  'ABORT_ERR',
])
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
])
/** As AWS's services name them. */
const throttlingNames = new Set([
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionInProgressException',
])
/** Also where AWS's services answer 400 for it. */
const credentialNames = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
])
const defects = new Set(['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError', 'EvalError', 'AssertionError'])

/** The table, first match wins, of one error without its causes. */
const rules: readonly (readonly [rule: string, status: Classified['status'], fits: (facts: Facts) => boolean])[] = [
  // A condition of the handler's own effects was not met, which another's effects may change.
  ['refused', 'retry', ({ code }) => code === 'ML_EFFECT_REFUSED'],
  [
    'timeout',
    'retry',
    ({ name, code, httpStatus }) =>
      name === 'TimeoutError' ||
      name === 'AbortError' ||
      timeoutCodes.has(code) ||
      httpStatus === 408 ||
      httpStatus === 504,
  ],
  [
    'throttled',
    'retry',
    ({ name, code, httpStatus, isThrottled }) =>
      httpStatus === 429 || isThrottled || throttlingNames.has(name) || throttlingNames.has(code),
  ],
  ['unavailable', 'retry', ({ httpStatus = 0 }) => httpStatus >= 500],
  ['connection', 'retry', ({ code }) => connectionCodes.has(code) || code.startsWith('UND_ERR_')],
  // It is the function's credentials that are wrong, not the record: one expired secret must not give up a night's records.
  [
    'unauthorised',
    'retry',
    ({ httpStatus, name }) => httpStatus === 401 || httpStatus === 403 || credentialNames.has(name),
  ],
  ['unavailable', 'retry', ({ isRetryable }) => isRetryable],
  ['rejected', 'fallback', ({ httpStatus = 0 }) => httpStatus >= 400],
  [
    'validation',
    'fallback',
    ({ name, code, hasIssues }) => name === 'ZodError' || code === 'ML_RECORD_INVALID' || hasIssues,
  ],
]

/** Causes looked at, the error itself included: no chain is honestly longer. */
const deepest = 8

/**
 * The default table: what an error that a handler threw makes of its record. Looks at `status`, `statusCode`,
 * `$metadata.httpStatusCode`, `response.status`, `code`, `name` and `$retryable` of the error, and then of its causes.
 *
 * | errors | status | rule |
 * |---|---|---|
 * | `ML_EFFECT_REFUSED`: another's effects may change that | retry | `refused` |
 * | time-outs and aborts, ETIMEDOUT, HTTP 408 and 504 | retry | `timeout` |
 * | HTTP 429, throttling as AWS names it | retry | `throttled` |
 * | HTTP 5xx, what AWS's clients call retryable | retry | `unavailable` |
 * | connections refused, reset or not to be had; names not resolved | retry | `connection` |
 * | HTTP 401 and 403, credentials that AWS refuses: the function's credentials, not the record | retry | `unauthorised` |
 * | other HTTP 4xx | fallback | `rejected` |
 * | errors of Zod and Standard Schema, `ML_RECORD_INVALID` | fallback | `validation` |
 * | TypeError, ReferenceError and the like: a defect that a deployment may mend | retry | `defect` |
 * | anything else | retry | `failed` |
 *
 * Never throws.
 *
 * @example
 * ```ts
 * import { classify } from 'millrace'
 *
 * console.log(classify(Object.assign(new Error('no such order'), { status: 404 }))) // { status: 'fallback', rule: 'rejected' }
 * ```
 */
export function classify(error: unknown): Classified {
  const seen = new Set<unknown>()
  let otherwise: Classified = { status: 'retry', rule: 'failed' }
  for (let at = error; isObject(at) && !seen.has(at) && seen.size < deepest; at = read(at, 'cause')) {
    const facts = factsOf(at)
    const found = rules.find(([, , fits]) => fits(facts))
    if (found !== undefined) return { status: found[1], rule: found[0] }
    // A TypeError, too, but of the network. Its cause, where it has one, may say more.
    if (facts.message === 'fetch failed') otherwise = { status: 'retry', rule: 'connection' }
    else if (seen.size === 0 && defects.has(facts.name)) otherwise = { status: 'retry', rule: 'defect' }
    seen.add(at)
  }
  return otherwise
}

function factsOf(error: object): Facts {
  const retryable = read(error, '$retryable')
  const statuses = [
    read(error, 'status'),
    read(error, 'statusCode'),
    read(read(error, '$metadata'), 'httpStatusCode'),
    read(read(error, 'response'), 'status'),
  ]
  return {
    httpStatus: statuses.find((status): status is number => typeof status === 'number'),
    code: textOf(read(error, 'code')),
    name: textOf(read(error, 'name')),
    message: textOf(read(error, 'message')),
    isRetryable: isObject(retryable),
    isThrottled: read(retryable, 'throttling') === true,
    hasIssues: typeof read(read(error, 'issues'), 'length') === 'number',
  }
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function'

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A property, whatever its getter does. */
function read(from: unknown, property: string): unknown {
  try {
    return isObject(from) ? (from as Record<string, unknown>)[property] : undefined
  } catch {
    return undefined
  }
}
