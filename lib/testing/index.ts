/**
 * For tests of your own functions: events as Lambda makes them, and a deployment on a real local store.
 *
 * @module
 */
export { type TestDeployment, type TestDeploymentOptions, testDeployment } from './deployment/index.js'
export {
  duplicateOf,
  type EventSpec,
  eventOf,
  kafkaEvent,
  type LoadEventSpec,
  loadEvent,
  poison,
  type RecordSpec,
  type Redactions,
  type Redactor,
  readEvent,
  redactor,
  tombstone,
} from './events/index.js'
export {
  type Faults,
  type FaultyStack,
  type FaultyStackOptions,
  type StoreFault,
  type StoreFaultKind,
  startFaultyStack,
} from './faults/index.js'
export { type InvokeOptions, invoke } from './invoke.js'
export {
  type LoadRecord,
  type LoadShape,
  type LoadValue,
  loadRecords,
  type OutgoingRecord,
  type Produced,
  type ProducedPartition,
  type ProduceOptions,
  partitioner,
  produce,
} from './load/index.js'
export {
  type Ability,
  type KeptRecord,
  type SinkCheck,
  type SinkOnTarget,
  type SinkSpec,
  sinkConformance,
} from './sink/index.js'
