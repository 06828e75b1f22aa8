import type { Engine, Failed } from '../engine/index.js'
import { asError, MillraceError } from '../errors.js'
import type { RawRecord } from '../event/index.js'
import { checkedOutcome, type Outcome } from '../outcome/index.js'
import { type Context, RunContext, type Surroundings } from './context.js'
import type { Settings } from './options.js'
import { DecodedRecord, type KafkaRecord } from './record.js'

// biome-ignore lint/suspicious/noConfusingVoidType: a handler may end without a return statement, which TypeScript calls void.
type Answer = Outcome | undefined | void

/**
 * What a user writes: handles one record, answers its outcome. Nothing returned is `ok`, a throw is `retry`.
 *
 * @example
 * ```ts
 * import { type Handler, kafkaFunction, retry } from 'millrace'
 *
 * const handle: Handler = async (_record, ctx) => {
 *   if (ctx.attempt < 2) return retry('once more')
 * }
 * export const handler = kafkaFunction({}, handle)
 * ```
 */
export type Handler<V = unknown, K = string | null> = (
  record: KafkaRecord<V, K>,
  ctx: Context,
) => Answer | Promise<Answer>

/** The engine's way to the user's handler: decode, validate, handle, and the outcome checked against the contract. */
export function handleWith<V, K>(
  settings: Settings<V, K>,
  handler: Handler<V, K>,
  surroundings: Surroundings,
): Engine['handle'] {
  return async (raw, run) => {
    const decoded = await decode(raw, settings)
    if (!(decoded instanceof DecodedRecord)) return decoded
    let returned: unknown
    try {
      returned = await handler(decoded, new RunContext(raw, run, surroundings))
    } catch (thrown) {
      return { status: 'failed', stage: 'process', error: asError(thrown) }
    }
    return checkedOutcome(returned)
  }
}

async function decode<V, K>(raw: RawRecord, { key, value }: Settings<V, K>): Promise<DecodedRecord<V, K> | Failed> {
  let what: 'key' | 'value' = 'key'
  try {
    const decodedKey = key.decode(raw.key)
    what = 'value'
    const decodedValue = value.decode(raw.value)
    return new DecodedRecord(
      raw,
      // Not awaiting what is there already saves two turns of the event loop's queue per record.
      decodedKey instanceof Promise ? await decodedKey : decodedKey,
      decodedValue instanceof Promise ? await decodedValue : decodedValue,
    )
  } catch (thrown) {
    const error = decodeError(thrown, what)
    return { status: 'failed', stage: error.code === 'ML_RECORD_INVALID' ? 'validate' : 'decode', error }
  }
}

function decodeError(thrown: unknown, what: 'key' | 'value'): MillraceError {
  if (thrown instanceof MillraceError) return thrown
  const cause = asError(thrown)
  return new MillraceError('ML_DECODE_FAILED', `the codec could not read the ${what}: ${cause.message}`, { cause })
}
