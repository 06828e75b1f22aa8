import type { Engine, Failed, Run } from '../engine/index.js'
import type { RawRecord } from '../event/index.js'
import { checkedOutcome, type Outcome } from '../outcome/index.js'
import { type Context, RunContext, type Surroundings } from './context.js'
import type { Decoded } from './decode.js'
import type { Reader } from './keys.js'
import type { Settings } from './options.js'
import { DecodedRecord, type KafkaRecord } from './record.js'
import type { Ended, Watch } from './unawaited/index.js'

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
  const times = surroundings.handlerTimes
  // Promises only where there is something to wait for: thousands of records a second make as many of each.
  return (raw, run) => {
    const decoded = reader.decode(raw)
    return decoded instanceof Promise ? decoded.then((late) => handled(raw, run, late)) : handled(raw, run, decoded)
  }

  function handled(raw: RawRecord, run: Run, decoded: Decoded<V, K>): ReturnType<Engine['handle']> {
    if (!(decoded instanceof DecodedRecord)) return decoded
    const handle = () => {
      const first = reader.first(raw)
      if (first !== undefined) return settings.idempotency?.onDuplicate?.(decoded, first.result)
      return handler(decoded, new RunContext(raw, run, surroundings, reader))
    }
    if (!times.isDue()) return watch(raw, run.signal, handle, (ended) => outcomeOf(ended, decoded))
    const began = performance.now()
    return watch(raw, run.signal, handle, (ended) => {
      times.values.push(performance.now() - began)
      return outcomeOf(ended, decoded)
    })
  }
}

function outcomeOf(ended: Ended, of: { readonly id: string }): Outcome | Failed {
  if ('error' in ended) return { status: 'failed', stage: 'process', error: ended.error }
  return checkedOutcome(ended.returned, of)
}
