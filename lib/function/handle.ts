import type { Engine } from '../engine/index.js'
import { checkedOutcome, type Outcome } from '../outcome/index.js'
import { type Context, RunContext, type Surroundings } from './context.js'
import type { Reader } from './keys.js'
import type { Settings } from './options.js'
import { DecodedRecord, type KafkaRecord } from './record.js'
import type { Watch } from './unawaited.js'

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
  reader: Reader<V, K>,
  settings: Settings<V, K>,
  handler: Handler<V, K>,
  surroundings: Surroundings,
  watch: Watch,
): Engine['handle'] {
  return async (raw, run) => {
    const decoded = await reader.decode(raw)
    if (!(decoded instanceof DecodedRecord)) return decoded
    const ended = await watch([raw], run.signal, () => {
      const first = reader.first(raw)
      if (first !== undefined) return settings.idempotency?.onDuplicate?.(decoded, first.result)
      return handler(decoded, new RunContext(raw, run, surroundings, (value) => reader.keep(raw, value)))
    })
    return 'error' in ended
      ? { status: 'failed', stage: 'process', error: ended.error }
      : checkedOutcome(ended.returned)
  }
}
