import { MillraceError } from './errors.js'

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** Whether DynamoDB refused a request for good, so that it certainly changed nothing (a throttle passes; no answer may mean anything). */
export function wasRefused(error: unknown): boolean {
  const { $metadata, name = '' } = error as { $metadata?: { httpStatusCode?: number }; name?: string }
  if (name === 'CredentialsProviderError') return true
  if (/throttl|throughput|requestlimit/i.test(name)) return false
  const status = $metadata?.httpStatusCode
  return status !== undefined && status >= 400 && status < 500 && status !== 408
}

/** Whether the store does not know the operation at all: dynalite has neither PartiQL nor transactions. */
export const isUnknownOperation = (error: unknown): boolean => (error as Error).name === 'UnknownOperationException'

/** An error of the SDK, with a code and what to do next. Errors that have a code already are left alone. */
export function storeError(cause: unknown, table: string): MillraceError {
  if (cause instanceof MillraceError) return cause
  const { name, code, message } = cause as { name?: string; code?: string; message?: string }
  if (name === 'ResourceNotFoundException') return tableMissing(table, cause)
  if (name === 'CredentialsProviderError') {
    return new MillraceError(
      'ML_STORE_UNREACHABLE',
      'there are no AWS credentials to call DynamoDB with; give the function a role, or point AWS_ENDPOINT_URL_DYNAMODB at a ' +
        'local store (`npx millrace dynamodb`) and set any AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      { cause },
    )
  }
  if (networkCodes.has(code ?? '') || name === 'TimeoutError' || /socket hang up/i.test(message ?? '')) {
    const endpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB ?? process.env.AWS_ENDPOINT_URL ?? 'its AWS endpoint'
    return new MillraceError(
      'ML_STORE_UNREACHABLE',
      `DynamoDB does not answer at ${endpoint} (${code ?? name}); start a local store with \`npx millrace dynamodb\` (or the ` +
        'whole stack with `npx millrace dev`), or check the network and AWS_ENDPOINT_URL_DYNAMODB',
      { cause },
    )
  }
  return new MillraceError('ML_STORE_FAILED', `DynamoDB refused a call on the table ${table}: ${name}: ${message}`, {
    cause,
  })
}

export function tableMissing(table: string, cause?: unknown): MillraceError {
  return new MillraceError(
    'ML_TABLE_MISSING',
    `there is no table ${table}; deploy the service, or locally start it with \`npx millrace dev\`, which creates its tables`,
    { cause },
  )
}
