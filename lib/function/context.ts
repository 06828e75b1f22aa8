import type { Logger } from '@aws-lambda-powertools/logger'
import type { Metrics } from '@aws-lambda-powertools/metrics'
import { type Run, type Sample, traceFields } from '../engine/index.js'
import type { RawRecord } from '../event/index.js'
import type { AtomicWrite } from '../ledger/index.js'
import { type Trace, traceOf } from '../trace/index.js'

/** A logger whose every line names the record: topic, partition, offset, attempt, and `trace_id` where it has one. JSON, by Powertools. */
export interface RecordLogger {
  debug(message: string, fields?: Record<string, unknown> | Error): void
  info(message: string, fields?: Record<string, unknown> | Error): void
  warn(message: string, fields?: Record<string, unknown> | Error): void
  error(message: string, fields?: Record<string, unknown> | Error): void
}

/**
 * What a handler knows of the run it is in.
 *
 * @example
 * ```ts
 * import { kafkaFunction } from 'millrace'
 *
 * export const handler = kafkaFunction({}, async (_record, ctx) => {
 *   if (ctx.lastAttempt) ctx.logger.warn('last attempt', { remainingMs: ctx.remainingMs() })
 *   ctx.signal.throwIfAborted()
 * })
 * ```
 */
export interface Context {
  /** 1 for the first run of this record; failures of earlier deliveries count, crashes do not. */
  readonly attempt: number
  /** How often the record was held before this run; see {@link hold}. */
  readonly held: number
  /** If this run fails, the record is exhausted: by default it goes to the fallback. */
  readonly lastAttempt: boolean
  /** Aborts when the invocation's time runs out; hand it to what can be aborted. */
  readonly signal: AbortSignal
  /** Milliseconds until Lambda ends the invocation. */
  remainingMs(): number
  /**
   * Writes of your own, made in one transaction with the settle of this record: each effect exactly once, whatever dies. They
   * count only where the handler ends ok: of a run that throws, or answers `retry`, `fallback` or `drop`, none is made. Elements of DynamoDB's `TransactWriteItems`, at most 99 for one record; they are made after the
   * handler returns, so they cannot be read back in it. A condition that fails fails the record.
   *
   * @throws MillraceError `ML_TRANSACTION_LIMIT`, `ML_HANDLER_PENDING` after the handler has returned
   */
  atomically(writes: readonly AtomicWrite[]): void
  /**
   * Keeps a JSON value of at most 64 KB as the first result of this record's idempotency key, for `idempotencyKey.onDuplicate`.
   * Without that option nothing is kept.
   *
   * @throws MillraceError `ML_RESULT_INVALID`
   */
  result(value: unknown): void
  /** The W3C trace that the record came in; undefined where it has none. See {@link traceHeaders} for what you produce yourself. */
  readonly trace: Trace | undefined
  readonly logger: RecordLogger
  /** Powertools metrics; published at the end of the invocation, with the dimensions `topic` and `group`. */
  readonly metrics: Metrics
}

/** What all runs of one invocation share. */
export interface Surroundings {
  readonly logger: Logger
  readonly metrics: Metrics
  /** Takes the milliseconds of runs of the handler. */
  readonly handlerTimes: Sample
  remainingMs(): number
}

/** Where first results are kept. */
interface Results {
  keep(record: RawRecord, value: unknown): void
}

/** The context of one run. The logger is made when it is first asked for: most runs log nothing. */
export class RunContext implements Context {
  readonly #run: Run
  readonly #record: RawRecord
  readonly #surroundings: Surroundings
  readonly #results: Results
  #logger: RecordLogger | undefined

  constructor(record: RawRecord, run: Run, surroundings: Surroundings, results: Results) {
    this.#results = results
    this.#run = run
    this.#record = record
    this.#surroundings = surroundings
  }

  get attempt(): number {
    return this.#run.attempt
  }

  get held(): number {
    return this.#run.held
  }
  get lastAttempt(): boolean {
    return this.#run.lastAttempt
  }

  get signal(): AbortSignal {
    return this.#run.signal
  }

  // Handlers take these apart: ({ value }, { atomically }) => …
  get atomically(): Context['atomically'] {
    return (writes) => this.#run.atomically(writes)
  }

  get result(): Context['result'] {
    return (value) => this.#results.keep(this.#record, value)
  }

  get remainingMs(): Context['remainingMs'] {
    return this.#surroundings.remainingMs
  }

  get trace(): Trace | undefined {
    return traceOf(this.#record.headers)
  }

  get metrics(): Metrics {
    return this.#surroundings.metrics
  }

  get logger(): RecordLogger {
    this.#logger ??= recordLogger(this.#surroundings.logger, this.#record, this.attempt)
    return this.#logger
  }
}

function recordLogger(logger: Logger, record: RawRecord, attempt: number): RecordLogger {
  const { topic, partition, offset } = record
  return namingLogger(logger, { topic, partition, offset, attempt, ...traceFields(record) })
}

/** A logger each of whose lines has these fields. */
export function namingLogger(logger: Logger, id: Readonly<Record<string, unknown>>): RecordLogger {
  // An Error's own properties are not enumerable; Powertools formats it under `error`.
  const about = (fields?: Record<string, unknown> | Error) =>
    fields instanceof Error ? { ...id, error: fields } : { ...fields, ...id }
  return {
    debug: (message, fields) => logger.debug(message, about(fields)),
    info: (message, fields) => logger.info(message, about(fields)),
    warn: (message, fields) => logger.warn(message, about(fields)),
    error: (message, fields) => logger.error(message, about(fields)),
  }
}
