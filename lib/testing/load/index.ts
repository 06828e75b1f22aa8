/**
 * The load generator: records without end, and a producer that says where they went.
 *
 * @module
 */
export { partitioner } from '../../kafka/index.js'
export { type ProduceOptions, produce } from './produce.js'
export { seededRandom } from './random.js'
export { type LoadRecord, type LoadShape, type LoadValue, loadRecords } from './records.js'
export type { OutgoingRecord, Produced, ProducedPartition } from './types.js'
