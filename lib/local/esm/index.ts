/**
 * Emulates Lambda's event source mappings for Apache Kafka: a real consumer group that turns records into events.
 *
 * @module
 */
export type { MappingConfig } from './config.js'
export type { Attempt, Discard, DiscardCondition, Position } from './deliver.js'
export type { HistoryEntry } from './history.js'
export { fetchGroupOffsets, quietKafkajs } from './kafka.js'
export { startMapping } from './mapping.js'
export type { MappingOptions, RunningMapping } from './options.js'
export type { Decision, Redelivery } from './response.js'
