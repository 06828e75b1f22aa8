import type { Context as LambdaContext } from 'aws-lambda'
import { processBatch, type Tally } from '../engine/index.js'
import { MillraceError } from '../errors.js'
import { type Batch, type BatchResponse, batchResponse } from '../event/index.js'
import { guarded, type KafkaFunction } from './guard.js'
import { type Handler, handleWith } from './handle.js'
import { type FunctionOptions, readOptions, type Settings } from './options.js'
import { publish } from './report.js'
import { type Runtime, runtimes } from './runtime.js'

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
  const settings = readOptions(options)
  const runtimeFor = runtimes(settings)
  return guarded(async (batch, context) => {
    if (batch.topic === undefined) return batchResponse(batch, [])
    return answer(batch, context, settings, handler, runtimeFor(batch.topic))
  })
}

async function answer<V, K>(
  batch: Batch,
  context: LambdaContext,
  settings: Settings<V, K>,
  handler: Handler<V, K>,
  runtime: Runtime,
): Promise<BatchResponse> {
  const { ledger, fallback, clock, logger, metrics, mapping } = runtime
  const started = clock.now()
  const before = { ...ledger.usage }
  // Outside Lambda (a plain unit test) there is no clock that runs out.
  const lambdaMs = () => context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY
  const remainingMs = () => Math.min(lambdaMs(), started + settings.batchTimeoutMs - clock.now())
  const reserveMs = settings.reserveMs ?? Math.min(2_000, remainingMs() / 4)
  if (reserveMs >= remainingMs()) {
    throw new MillraceError(
      'ML_OPTION_INVALID',
      `the option reserveMs is ${reserveMs}, but the invocation has only ${remainingMs()} ms: no record would ever be started; ` +
        "lower it, or raise the function's timeout",
    )
  }
  const { order, concurrency, attempts, atomicity, recordTimeoutMs, checkpointRecords } = settings
  const { partialResponses } = mapping
  // Every line of this invocation names it.
  logger.appendKeys({ requestId: context?.awsRequestId })
  const handle = handleWith(settings, handler, { logger, metrics, remainingMs })
  try {
    const { unsettled, tally } = await processBatch(
      batch,
      {
        ...{ ledger, fallback, clock, log: logger, handle },
        ...{ order, concurrency, attempts, atomicity, recordTimeoutMs, checkpointRecords, partialResponses },
      },
      { owner: clock.nonce(), remainingMs, reserveMs },
    )
    publish(runtime, tally, before, clock.now() - started)
    const response = batchResponse(batch, unsettled)
    if (response.batchItemFailures.length > 0 && !partialResponses) throw batchFailed(tally)
    return response
  } finally {
    // Powertools warns where there are none, as after an error before the batch was claimed.
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics()
  }
}

function batchFailed({ records, retry, pending }: Tally): MillraceError {
  return new MillraceError(
    'ML_BATCH_FAILED',
    `${retry + pending} of ${records} records are not settled (${retry} failed, ${pending} were not run; the log says why); the ` +
      'mapping takes no partial responses, so the whole batch comes again and what is settled is skipped',
  )
}
