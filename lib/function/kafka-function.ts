import type { Context as LambdaContext } from 'aws-lambda'
import type { Clock } from '../clock.js'
import { defaultReserveMs, needsMark } from '../deployment/index.js'
import { type Engine, errorFields, processBatch } from '../engine/index.js'
import { MillraceError } from '../errors.js'
import { type Batch, type BatchResponse, batchResponse } from '../event/index.js'
import { classifyWith } from './classify.js'
import type { Surroundings } from './context.js'
import { warnOfExit } from './exit.js'
import { batchFailed, recordFailed } from './failed.js'
import { guarded, type KafkaFunction } from './guard.js'
import { type Handler, handleWith } from './handle.js'
import { type BatchHandler, handleAllWith } from './handle-batch.js'
import { keyedReader, plainReader, type Reader } from './keys.js'
import { decisionLog, namesOf } from './log.js'
import { checkDefinition, type FunctionOptions, readOptions, type Settings } from './options.js'
import { openReport } from './report.js'
import { type Runtime, runtimes } from './runtime.js'
import { announce, needsOf, warnOfRetries } from './start.js'
import { unwatched, type Watch, Watcher } from './unawaited/index.js'

/**
 * A Lambda function for the records of a Kafka topic: each handled once it is known not to be settled, each failure reported,
 * nothing else delivered again.
 *
 * Answers Lambda's batch response. Where the deployment's mapping has no partial responses, a batch with any failure throws
 * `ML_BATCH_FAILED` and comes again whole; what is settled is skipped then.
 *
 * @param options how records are read and run; throws `ML_OPTION_INVALID` at once for what cannot be
 * @param handler handles one record; see {@link Handler}
 *
 * @example
 * ```ts
 * import { drop, json, kafkaFunction } from 'millrace'
 * import * as z from 'zod/mini'
 *
 * const Order = z.object({ orderId: z.string(), cents: z.int() })
 *
 * export const handler = kafkaFunction({ value: json(Order), order: 'key' }, async (order, ctx) => {
 *   if (order.value.cents === 0) return drop('empty order')
 *   ctx.logger.info('order', { orderId: order.value.orderId })
 * })
 * ```
 */
export function kafkaFunction<V = unknown, K = string | null>(
  options: FunctionOptions<V, K>,
  handler: Handler<V, K>,
): KafkaFunction {
  checkDefinition('kafkaFunction', options, handler, '(record, ctx) => { … }')
  const settings = readOptions(options)
  return functionOf(settings, (reader, surroundings, watch) => ({
    handle: handleWith(reader, settings, handler, surroundings, watch),
  }))
}

/**
 * The same, for a handler that takes all unsettled records of a batch at once and answers one outcome for each.
 *
 * @param handler see {@link BatchHandler}
 *
 * @example
 * ```ts
 * import { kafkaFunction, ok, retry } from 'millrace'
 *
 * export const handler = kafkaFunction.batch({ order: 'none' }, async (records) =>
 *   records.map(({ id, value }) => ({ id, outcome: value === null ? retry('a tombstone') : ok() })),
 * )
 * ```
 */
kafkaFunction.batch = <V = unknown, K = string | null>(
  options: FunctionOptions<V, K>,
  handler: BatchHandler<V, K>,
): KafkaFunction => {
  const example = '(records, ctx) => records.map(({ id }) => ({ id, outcome: ok() }))'
  checkDefinition('kafkaFunction.batch', options, handler, example)
  const settings = readOptions(options)
  if (settings.idempotency?.onDuplicate !== undefined) {
    throw new MillraceError(
      'ML_OPTION_INVALID',
      'the option idempotencyKey.onDuplicate is for handlers of single records',
    )
  }
  return functionOf(settings, (reader, surroundings, watch) => ({
    handle: unused,
    handleAll: handleAllWith(reader, handler, surroundings, watch),
  }))
}

/** Makes the engine's way to a user's handler. */
type Handling<V, K> = (
  reader: Reader<V, K>,
  surroundings: Surroundings,
  watch: Watch,
) => Pick<Engine, 'handle' | 'handleAll'>

const unused: Engine['handle'] = () => Promise.reject(new Error('a batch handler takes its records together'))

function functionOf<V, K>(settings: Settings<V, K>, handling: Handling<V, K>): KafkaFunction {
  const runtimeFor = runtimes(settings)
  const fn = guarded(async (batch, context) => {
    if (batch.topic === undefined) return batchResponse(batch, [])
    return answer(batch, context, settings, handling, runtimeFor(batch.topic))
  })
  return Object.assign(fn, { [needsMark]: needsOf(settings) })
}

async function answer<V, K>(
  batch: Batch,
  context: LambdaContext,
  settings: Settings<V, K>,
  handling: Handling<V, K>,
  runtime: Runtime,
): Promise<BatchResponse> {
  const { ledger, deduplicator, redriven, fallback, onSuccess, clock, logger, metrics, mapping } = runtime
  const started = clock.now()
  const { remainingMs, reserveMs } = timeOf(context, settings, started, clock)
  const { partialResponses, topic, group } = mapping
  logger.appendKeys(namesOf(context?.awsRequestId))
  const log = decisionLog(logger)
  const needs = needsOf(settings)
  const timeoutMs = remainingMs()
  announce(runtime, needs, timeoutMs, log)
  const report = openReport(runtime, batch, log)
  const { idempotency } = settings
  const reader =
    idempotency === undefined || deduplicator === undefined
      ? plainReader(settings, redriven)
      : keyedReader(settings, idempotency, deduplicator, redriven, clock.now)
  const watcher = settings.unawaitedWrites === 'fail' ? new Watcher() : undefined
  const end = watcher?.begin()
  const survived = warnOfExit(log)
  try {
    await runtime.openSinks(batch.bootstrapServers, remainingMs() - reserveMs).catch(report.fail)
    const { unsettled, ...account } = await processBatch(
      batch,
      {
        ...pick(settings),
        policy: { ...settings.policies, classify: classifyWith(settings.classify, log) },
        ...{ ledger, fallback, clock, log, partialResponses, ...(onSuccess && { onSuccess }) },
        ...handling(
          reader,
          { logger, metrics, remainingMs, handlerTimes: report.handlerTimes },
          watcher?.watch ?? unwatched,
        ),
        ...reader.engine,
        ...(watcher && { late: (handlers) => watcher.failures(handlers) }),
      },
      { owner: clock.nonce(), remainingMs, reserveMs },
    ).catch(report.fail)
    report.end(account)
    if (account.tally.hold > 0) warnOfRetries(runtime, needs, timeoutMs, log, true)
    const [failed] = account.failed
    if (failed !== undefined) throw recordFailed(failed, account.failed.length)
    const response = batchResponse(batch, unsettled)
    if (response.batchItemFailures.length > 0 && !partialResponses) throw batchFailed(account.tally)
    return response
  } finally {
    survived()
    for (const error of end?.() ?? []) {
      log.error('rejected too late for any record to fail by it', { error: errorFields(error, log) })
    }
    // Powertools warns where there are none, as after an error before the batch was claimed.
    if (metrics.hasStoredMetrics()) metrics.addDimensions({ topic, group }).publishStoredMetrics()
  }
}

function pick<V, K>({ order, concurrency, atomicity, recordTimeoutMs, checkpointRecords }: Settings<V, K>) {
  return { order, concurrency, atomicity, recordTimeoutMs, checkpointRecords }
}

/** How long this batch may run, and how much of it is kept for settling. */
function timeOf<V, K>(context: LambdaContext, settings: Settings<V, K>, started: number, clock: Clock) {
  // Outside Lambda (a plain unit test) there is no clock that runs out.
  const lambdaMs = () => context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY
  const remainingMs = () => Math.min(lambdaMs(), started + settings.batchTimeoutMs - clock.now())
  const reserveMs = settings.reserveMs ?? defaultReserveMs(remainingMs())
  if (reserveMs < remainingMs()) return { remainingMs, reserveMs }
  throw new MillraceError(
    'ML_OPTION_INVALID',
    `the option reserveMs is ${reserveMs}, but the invocation has only ${remainingMs()} ms: no record would ever be started; ` +
      "lower it, or raise the function's timeout",
  )
}
