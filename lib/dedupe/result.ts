import { kindOf, MillraceError } from '../errors.js'

/** The largest first result that is kept, as bytes of JSON. Each KB of it costs one write unit per key. */
const maxResultBytes = 64 * 1_024

/**
 * A first result as it is kept, which is JSON.
 *
 * @throws MillraceError `ML_RESULT_INVALID` where it is no JSON value, or more than 64 KB of it
 */
export function encodeResult(value: unknown): string {
  const text = jsonOf(value)
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxResultBytes) return text
  throw new MillraceError(
    'ML_RESULT_INVALID',
    `the result has ${bytes} bytes as JSON, more than ${maxResultBytes}; keep it where it belongs, and give its id as the result`,
  )
}

function jsonOf(value: unknown): string {
  let cause: unknown
  try {
    const text: string | undefined = JSON.stringify(value)
    if (text !== undefined) return text
  } catch (error) {
    cause = error
  }
  throw new MillraceError(
    'ML_RESULT_INVALID',
    `the result, ${kindOf(value)}, cannot be written as JSON; give strings, numbers, booleans, null, arrays and plain objects`,
    { cause },
  )
}
