import { MillraceError } from '../../lib/errors.js'

/** What is wrong with the configuration, and what to change. */
export function refused(message: string): MillraceError {
  return new MillraceError('ML_PLUGIN_CONFIG', message)
}
