import type { FunctionError } from './types.js'

/** How deep a chain of causes is followed; a chain may be a ring. */
const deepest = 8

/** Anything thrown, in the form of the runtime API. */
export function describeError(thrown: unknown, depth = 0): FunctionError {
  if (!(thrown instanceof Error)) {
    return { errorType: typeof thrown, errorMessage: text(thrown), stackTrace: [] }
  }
  const described = {
    errorType: thrown.name,
    errorMessage: thrown.message,
    stackTrace: (thrown.stack ?? '').split('\n').map((line) => line.trim()),
  }
  if (thrown.cause === undefined || depth >= deepest) return described
  return { ...described, cause: describeError(thrown.cause, depth + 1) }
}

function text(value: unknown): string {
  try {
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  } catch {
    return Object.prototype.toString.call(value)
  }
}
