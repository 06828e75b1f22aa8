import { MillraceError } from '../lib/errors.js'

/** Several refusals as one error, which lists them; of one it is that one. */
export function together(errors: readonly MillraceError[]): MillraceError | undefined {
  const [first, ...others] = errors
  if (others.length === 0) return first
  const list = errors.map(({ message }) => `\n- ${message}`).join('')
  const cause = new AggregateError(errors)
  return new MillraceError(
    'ML_CHECKS_FAILED',
    `${errors.length} findings keep the service from being deployed:${list}`,
    {
      cause,
    },
  )
}

/** Those that an error lists, or itself. */
export function apart(error: MillraceError): readonly MillraceError[] {
  const { cause } = error
  return cause instanceof AggregateError ? (cause.errors as readonly MillraceError[]) : [error]
}
