import type { Engine, Failed, RecordRun, Run } from '../engine/index.js'
import { kindOf, MillraceError, show } from '../errors.js'
import type { AtomicWrite } from '../ledger/index.js'
import { checkedOutcome, type Outcome } from '../outcome/index.js'
import { type Context, namingLogger, type Surroundings } from './context.js'
import type { Reader } from './keys.js'
import { DecodedRecord, type KafkaRecord } from './record.js'
import type { Watch } from './unawaited/index.js'

/** A record of a batch, with what a {@link Context} tells of one. */
export interface BatchRecord<V = unknown, K = string | null>
  extends KafkaRecord<V, K>,
    Pick<Context, 'attempt' | 'held' | 'lastAttempt' | 'atomically'> {}

/** What a batch handler knows of its invocation; see {@link Context}. */
export type BatchContext = Pick<Context, 'signal' | 'remainingMs' | 'logger' | 'metrics'>

/** What became of one record: its `id`, and an outcome made by {@link ok}, {@link retry}, {@link fallback}, {@link drop} or {@link hold}. */
export interface RecordOutcome {
  readonly id: string
  readonly outcome: Outcome
}

/**
 * Handles the unsettled records of a batch together, each source partition's in order: for one write, or one call, for many.
 * Answers one outcome for each record. A throw fails them all; a missing, unknown or repeated id fails the batch
 * (`ML_OUTCOMES_MISCOUNTED`), and nothing is settled (K-04, K-05).
 *
 * Outcomes of one lane are taken as answered: a `retry` or `hold` does not hold back what comes behind it in its lane and is
 * answered `ok`; where order matters, answer `retry` for that, too: it only waits then, and spends no attempt (K-12).
 *
 * @example
 * ```ts
 * import { type BatchHandler, kafkaFunction, ok } from 'millrace'
 *
 * const handle: BatchHandler = async (records) => records.map(({ id }) => ({ id, outcome: ok() }))
 * export const handler = kafkaFunction.batch({}, handle)
 * ```
 */
export type BatchHandler<V = unknown, K = string | null> = (
  records: readonly BatchRecord<V, K>[],
  ctx: BatchContext,
) => readonly RecordOutcome[] | Promise<readonly RecordOutcome[]>

/** The engine's way to a batch handler. What cannot be decoded does not reach it. */
export function handleAllWith<V, K>(
  reader: Reader<V, K>,
  handler: BatchHandler<V, K>,
  { logger, metrics, remainingMs, handlerTimes }: Surroundings,
  watch: Watch,
): NonNullable<Engine['handleAll']> {
  return async (runs) => {
    const results = await Promise.all(runs.map(({ record }) => reader.decode(record)))
    const decoded = results.flatMap((result, i) =>
      result instanceof DecodedRecord ? [new RunningRecord(result, runs[i]?.run)] : [],
    )
    const signal = runs[0]?.run.signal
    const failed = results.filter((result): result is Failed => !(result instanceof DecodedRecord))
    if (failed.length === runs.length || signal === undefined) return failed
    const began = performance.now()
    const ended = await watch(
      decoded.map(({ raw }) => raw),
      signal,
      () => handler(decoded, { signal, remainingMs, logger: namingLogger(logger, {}), metrics }),
      (end) => end,
    )
    handlerTimes.values.push(performance.now() - began)
    const outcomes = 'error' in ended ? undefined : outcomesById(decoded, ended.returned)
    return results.map((result): Outcome | Failed => {
      if (!(result instanceof DecodedRecord)) return result
      if ('error' in ended) return { status: 'failed', stage: 'process', error: ended.error }
      return outcomes?.get(result.id) as Outcome
    })
  }
}

function outcomesById(records: readonly { readonly id: string }[], returned: unknown): ReadonlyMap<string, Outcome> {
  if (!Array.isArray(returned)) throw miscounted(`answered ${kindOf(returned)}, not a list of outcomes`)
  const due = new Set(records.map(({ id }) => id))
  const outcomes = new Map<string, Outcome>()
  for (const answer of returned as readonly Partial<RecordOutcome>[]) {
    const { id, outcome } = answer ?? {}
    if (id === undefined || !due.has(id)) throw miscounted(`answered for ${show(id)}, which it was not given`)
    if (outcomes.has(id)) throw miscounted(`answered twice for ${id}`)
    outcomes.set(id, checkedOutcome(outcome, { id }))
  }
  const missing = [...due].filter((id) => !outcomes.has(id))
  if (missing.length > 0)
    throw miscounted(`gave no outcome for ${missing.length} of ${due.size} records, ${missing[0]} first`)
  return outcomes
}

const miscounted = (what: string) =>
  new MillraceError(
    'ML_OUTCOMES_MISCOUNTED',
    `the batch handler ${what}; answer exactly one { id, outcome } for each record. Nothing is settled, the batch comes again`,
  )

/** A decoded record with its run. */
class RunningRecord<V, K> extends DecodedRecord<V, K> implements BatchRecord<V, K> {
  readonly #run: Run | undefined

  constructor({ raw, key, value }: DecodedRecord<V, K>, run: RecordRun['run'] | undefined) {
    super(raw, key, value)
    this.#run = run
  }

  get attempt(): number {
    return this.#run?.attempt ?? 1
  }
  get held(): number {
    return this.#run?.held ?? 0
  }
  get lastAttempt(): boolean {
    return this.#run?.lastAttempt ?? false
  }
  atomically = (writes: readonly AtomicWrite[]): void => this.#run?.atomically(writes)
}
