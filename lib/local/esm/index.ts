/**
 * Emulates Lambda's event source mappings for Apache Kafka: a real consumer group that turns records into events.
 *
 * @module
 */
export type { MappingConfig } from './config.js'
export type { Attempt, Position } from './deliver.js'
export type { Discard, DiscardCondition } from './discard.js'
export type { GroupEvent } from './group-event.js'
export type { HistoryEntry } from './history.js'
export type { ConsumerOptions } from './intake.js'
export { fetchGroupOffsets, kafkaClient, quietKafkajs, type Security } from './kafka.js'
export type { MappingLife, MappingState } from './life.js'
export { startMapping } from './mapping.js'
export type { MappingOptions, RunningMapping } from './options.js'
export type { Decision } from './response.js'
export { type EsmSwitches, esmSwitches, readSwitches } from './switches.js'
