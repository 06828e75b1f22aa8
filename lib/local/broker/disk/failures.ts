import { MillraceError } from '../../../errors.js'

/** The files are not what this broker has written; nothing is changed, so that everything can still be looked at. */
export function corrupt(path: string, what: string, options?: ErrorOptions): MillraceError {
  return new MillraceError(
    'ML_LOCAL_DATA_CORRUPT',
    `${path} is damaged: ${what}. Nothing was changed; bring the directory back from a copy, or start with another one`,
    options,
  )
}

/** Runs what reads or writes files; says which path could not be used. */
export function onDisk<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    throw new MillraceError(
      'ML_LOCAL_DATA_FAILED',
      `${path} cannot be used: ${cause instanceof Error ? cause.message : cause}; see to its permissions and the space left`,
      { cause },
    )
  }
}
