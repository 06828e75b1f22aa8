import { randomUUID } from 'node:crypto'
import type { Context } from 'aws-lambda'
import type { BatchResponse, KafkaEvent } from '../event/index.js'

/** How {@link invoke} calls. */
export interface InvokeOptions {
  /**
   * The invocation's time, in milliseconds. With it, what fails and is due again within that time is waited for and run again, as
   * it is on Lambda. Default: without end, in which nothing is waited for: what fails is reported at once, and due with the next
   * invocation.
   */
  readonly timeoutMs?: number
}

/**
 * Invokes a function in this process as Lambda would, with a context of its own.
 *
 * @example
 * ```ts
 * import { kafkaFunction } from 'millrace'
 * import { invoke } from 'millrace/testing'
 *
 * const handler = kafkaFunction({}, () => {})
 * const empty = { eventSource: 'SelfManagedKafka' as const, bootstrapServers: '127.0.0.1:9092', records: {} }
 * console.log(JSON.stringify(await invoke(handler, empty))) // {"batchItemFailures":[]}
 * ```
 */
export function invoke(
  handler: (event: KafkaEvent, context: Context) => Promise<BatchResponse>,
  event: KafkaEvent,
  { timeoutMs = Number.POSITIVE_INFINITY }: InvokeOptions = {},
): Promise<BatchResponse> {
  return handler(event, lambdaContext(timeoutMs))
}

function lambdaContext(timeoutMs: number): Context {
  const end = Date.now() + timeoutMs
  const nothing = () => {}
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: 'test',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:test',
    memoryLimitInMB: '1024',
    awsRequestId: randomUUID(),
    logGroupName: '/aws/lambda/test',
    logStreamName: 'test',
    getRemainingTimeInMillis: () => Math.max(0, end - Date.now()),
    done: nothing,
    fail: nothing,
    succeed: nothing,
  }
}
