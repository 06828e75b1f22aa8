export { type Batch, isKafkaEvent, type PartitionBatch, readBatch } from './read.js'
export { type Header, RawRecord } from './record.js'
export { batchResponse, type Unsettled } from './response.js'
export type { BatchItemFailure, BatchResponse, KafkaEvent, WireRecord } from './wire.js'
