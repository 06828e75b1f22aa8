import { MillraceError, show } from '../errors.js'
import { isOutcome, type Outcome, ok } from './outcome.js'

/**
 * What a handler returned, as an outcome. `undefined` is ok; anything but an outcome breaks the contract (rule 9).
 *
 * @throws MillraceError `ML_OUTCOME_UNKNOWN`
 */
export function checkedOutcome(returned: unknown): Outcome {
  if (returned === undefined) return ok()
  if (isOutcome(returned)) return returned
  throw new MillraceError(
    'ML_OUTCOME_UNKNOWN',
    `the handler returned ${show(returned)}, which is no outcome; return nothing, or ok(), retry(), fallback() or drop() of millrace`,
  )
}
