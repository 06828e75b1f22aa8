import { type ErrorCode, MillraceError } from '../../errors.js'

/** What went wrong with the source, for people. */
export function failed(what: string, cause: unknown): MillraceError {
  return new MillraceError(codeOf(cause), `${what}. If it lasts, look at the broker`, { cause })
}

/** An error of our own that kafkajs passed on keeps its code. */
function codeOf(cause: unknown): ErrorCode {
  if (cause instanceof MillraceError) return cause.code
  return cause instanceof Error && cause.cause !== undefined ? codeOf(cause.cause) : 'ML_LOCAL_SOURCE_FAILED'
}
