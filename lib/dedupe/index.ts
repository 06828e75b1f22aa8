/**
 * Key deduplication: the same business event, produced more than once, has its effect once (DESIGN §5, R-24).
 *
 * @module
 */
export type { Deduplicator, FirstResult, KeyedPartition, KeyedRecord, KeyVerdict, RecordId } from './dedupe.js'
export { type DeduplicatorSettings, openDeduplicator } from './open.js'
export { type Idempotency, type IdempotencyOption, readIdempotency, type Scope } from './option.js'
export { standing } from './owner.js'
export { encodeResult } from './result.js'
