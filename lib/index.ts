/**
 * Serverless functions for Apache Kafka.
 *
 * @module
 */
export { bytes, type Codec, json, text } from './codec/index.js'
export type { IdempotencyOption } from './dedupe/index.js'
export type { Atomicity, Order } from './engine/index.js'
export { type ErrorCode, errorCodes, MillraceError } from './errors.js'
export type { BatchItemFailure, BatchResponse, Header, KafkaEvent, WireRecord } from './event/index.js'
export {
  type BatchContext,
  type BatchHandler,
  type BatchRecord,
  type ClassifiedAs,
  type ClassifiedRecord,
  type ClassifyOption,
  type Context,
  type FunctionOptions,
  type Handler,
  type KafkaFunction,
  type KafkaRecord,
  kafkaFunction,
  type PoisonOptions,
  type RecordLogger,
  type RecordOutcome,
  type RetryOptions,
} from './function/index.js'
export type { AtomicWrite, Delivery } from './ledger/index.js'
export {
  type Classified,
  classify,
  drop,
  fallback,
  type HoldOptions,
  hold,
  type Outcome,
  type OutcomeStatus,
  type Output,
  ok,
  retry,
} from './outcome/index.js'
export {
  type Envelope,
  type ExactBytes,
  fromDestination,
  fromJson as readEnvelope,
  hasBytes,
  type Provenance,
} from './sink/envelope/index.js'
export type { Acknowledgement, Sink, SinkContext, SinkRecord, SinkSource } from './sink/index.js'
export { type Trace, traceHeaders, traceOf } from './trace/index.js'
