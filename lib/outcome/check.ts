import { kindOf, MillraceError, show } from '../errors.js'
import { type Held, isOutcome, type Outcome, ok } from './outcome.js'

/**
 * What a handler returned, as an outcome. `undefined` is ok; anything but a whole outcome of a known status breaks the contract
 * (rule 9).
 *
 * @param of the record, for the error
 * @throws MillraceError `ML_OUTCOME_UNKNOWN`
 */
export function checkedOutcome(returned: unknown, of?: Of): Outcome {
  if (returned === undefined) return ok()
  if (!isOutcome(returned)) throw unknownOutcome(`${kindOf(returned)}${statusOf(returned)}, which is no outcome`, of)
  switch (returned.status) {
    case 'ok':
      if (returned.outputs?.every(isOutput) === false)
        throw unknownOutcome('ok() with an output that has no value; an output is an object with a value', of)
      return returned
    case 'retry':
    case 'fallback':
    case 'drop':
      return returned
    case 'hold':
      return checkedHold(returned, of)
    default:
      throw unknownOutcome(
        `an outcome of the status ${show((returned as { status: unknown }).status)}, which this release does not know`,
        of,
      )
  }
}

type Of = { readonly id: string } | undefined

const unknownOutcome = (what: string, of: Of) =>
  new MillraceError(
    'ML_OUTCOME_UNKNOWN',
    `the handler returned${of === undefined ? '' : ` for ${of.id}`} ${what}; return nothing, or ok(), retry(), fallback(), drop() or hold() of millrace`,
  )

const isOutput = (output: unknown): boolean =>
  typeof output === 'object' && output !== null && 'value' in output && output.value !== undefined

/** The status that an object names, if it is a word: no payload then. */
function statusOf(returned: unknown): string {
  const { status } = (typeof returned === 'object' && returned !== null ? returned : {}) as { status?: unknown }
  return typeof status === 'string' && /^[a-z_-]{1,20}$/i.test(status) ? ` of the status "${status}"` : ''
}

function checkedHold(held: Held, of: Of): Held {
  const { reason, time, maxDeliveries } = held
  const times: readonly unknown[] = Object.values(time)
  if (typeof reason !== 'string' || reason === '')
    throw unknownOutcome(`hold() with the reason ${show(reason)}; say why it is held`, of)
  if (times.length !== 1)
    throw unknownOutcome(
      `hold() with ${times.length === 0 ? 'no time' : 'two times'}; give it one of forMs and until`,
      of,
    )
  if (!isTime(times[0]))
    throw unknownOutcome(
      `hold() with the time ${show(String(times[0]))}; it takes milliseconds, zero or more, or a valid date`,
      of,
    )
  if (maxDeliveries !== undefined && !(Number.isInteger(maxDeliveries) && maxDeliveries >= 1 && maxDeliveries <= 1e6))
    throw unknownOutcome(
      `hold() with maxDeliveries ${show(maxDeliveries)}; it takes a whole number from 1 to 1,000,000`,
      of,
    )
  return held
}

/** Milliseconds, as a length or since 1970: far beyond any date, and the ledger can write the sum of two. */
const longest = 4e15

const isTime = (ms: unknown): boolean => typeof ms === 'number' && ms >= 0 && ms <= longest
