import { discreetMessage } from '../discreet.js'
import type { Tally } from '../engine/index.js'
import { MillraceError } from '../errors.js'
import type { Failure } from '../sink/index.js'

export function recordFailed({ record, rule, error }: Failure, records: number): MillraceError {
  const id = `${record.topic}:${record.partition}:${record.offset}`
  return new MillraceError(
    'ML_RECORD_FAILED',
    `${id}${records > 1 ? ` and ${records - 1} more have` : ' has'} failed for good (${rule}; the log says why), and the policy of the ` +
      "function is 'fail': it stays, with what follows in its lane, and is tried once with each delivery; all else is settled. Mend " +
      "the function or the cause, or let retry.onExhausted or poison be 'fallback' or 'drop'",
    // Lambda logs what is thrown, with all of its causes.
    { cause: error && error.cause === undefined && discreetMessage(error) === error.message ? error : undefined },
  )
}

export function batchFailed({ records, retry, hold, fail, pending }: Tally): MillraceError {
  return new MillraceError(
    'ML_BATCH_FAILED',
    `${retry + fail + hold + pending} of ${records} records are not settled (${retry + fail} failed, ${hold} are held, ${pending} were not run; ` +
      'the log says why); the ' +
      'mapping takes no partial responses, so the whole batch comes again and what is settled is skipped',
  )
}
