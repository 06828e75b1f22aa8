import middy, { type MiddlewareObj, type MiddyfiedHandler } from '@middy/core'
import type { Context as LambdaContext } from 'aws-lambda'
import { MillraceError } from '../errors.js'
import { type Batch, type BatchResponse, isKafkaEvent, type KafkaEvent, readBatch } from '../event/index.js'
import { countContractErrors, isContractError } from './contract.js'

type Pipeline = MiddyfiedHandler<KafkaEvent, BatchResponse>
type Hook = Parameters<Pipeline['before']>[0]

/**
 * A deployed function: what Lambda calls, and a middy handler for any middy middleware.
 *
 * @example
 * ```ts
 * import { kafkaFunction } from 'millrace'
 *
 * export const handler = kafkaFunction({}, () => {})
 *   .use({ before: ({ event }) => console.log(Object.keys(event.records).length) })
 *   .onError(({ error }) => console.error(error))
 * ```
 */
export interface KafkaFunction {
  (event: KafkaEvent, context: LambdaContext): Promise<BatchResponse>
  /** Adds middy middlewares. One that replaces the answer makes the invocation fail (`ML_ANSWER_REPLACED`). */
  use(middleware: MiddlewareObj<KafkaEvent, BatchResponse> | MiddlewareObj<KafkaEvent, BatchResponse>[]): KafkaFunction
  before(hook: Hook): KafkaFunction
  after(hook: Hook): KafkaFunction
  onError(hook: Hook): KafkaFunction
}

/** What the engine made of one invocation, whatever the middlewares do to it. */
interface Call {
  readonly batch: Batch | undefined
  end?: { readonly answer: BatchResponse; readonly text: string } | { readonly error: unknown }
}

/** Makes the answer of one batch. */
type Answer = (batch: Batch, context: LambdaContext) => Promise<BatchResponse>

/**
 * Puts an engine behind middlewares, and a guard around them (rule 6).
 *
 * A middleware that swallows an error, or answers in the engine's place, would turn a failure into a success and lose data; so
 * the outermost layer compares what comes out with what the engine said. The event is read before any middleware can change it.
 */
export function guarded(answer: Answer): KafkaFunction {
  const additions: ((pipeline: Pipeline) => unknown)[] = []

  const handle = async (event: KafkaEvent, context: LambdaContext): Promise<BatchResponse> => {
    const call: Call = { batch: isKafkaEvent(event) ? readBatch(event) : undefined }
    // A pipeline per invocation knows its call. AsyncLocalStorage would too, but on Node 20 it taxes every promise of a handler.
    const pipeline = pipelineOf(call, answer)
    for (const add of additions) add(pipeline)
    return compare(call, await pipeline(event, context))
  }
  const fn = async (event: KafkaEvent, context: LambdaContext): Promise<BatchResponse> => {
    try {
      return await handle(event, context)
    } catch (error) {
      if (isContractError(error)) countContractErrors(1)
      throw error
    }
  }
  const adding =
    <A>(add: (pipeline: Pipeline, argument: A) => unknown) =>
    (argument: A): KafkaFunction => {
      // What middy refuses, it refuses here and now.
      add(middy(), argument)
      additions.push((pipeline) => add(pipeline, argument))
      return self
    }
  const self: KafkaFunction = Object.assign(fn, {
    use: adding<Parameters<KafkaFunction['use']>[0]>((pipeline, middleware) => pipeline.use(middleware)),
    before: adding<Hook>((pipeline, hook) => pipeline.before(hook)),
    after: adding<Hook>((pipeline, hook) => pipeline.after(hook)),
    onError: adding<Hook>((pipeline, hook) => pipeline.onError(hook)),
  })
  return self
}

/** middy around the engine, which writes down what it answered. */
function pipelineOf(call: Call, answer: Answer): Pipeline {
  return middy<KafkaEvent, BatchResponse>(
    async (event: KafkaEvent, context: LambdaContext) => {
      try {
        const response = await answer(call.batch ?? readBatch(event), context)
        call.end = { answer: response, text: JSON.stringify(response) }
        return response
      } catch (error) {
        call.end = { error }
        throw error
      }
    },
    // The engine watches the deadline itself.
    { timeoutEarlyInMillis: 0 },
  )
}

function compare({ batch, end }: Call, returned: BatchResponse): BatchResponse {
  // A middleware may answer what is no Kafka event (a warm-up call) in the engine's place.
  if (end === undefined && batch === undefined) return returned
  if (end === undefined) throw replaced('answered before the records were handled')
  if ('error' in end) throw replaced('turned an error into an answer', end.error)
  if (returned !== end.answer && JSON.stringify(returned) !== end.text) throw replaced('replaced the answer')
  if (JSON.stringify(end.answer) !== end.text) throw replaced('changed the answer')
  return end.answer
}

const replaced = (what: string, cause?: unknown) =>
  new MillraceError(
    'ML_ANSWER_REPLACED',
    `a middleware ${what}, which could lose records; let errors and answers through: log in onError, do not set request.response`,
    { cause },
  )
