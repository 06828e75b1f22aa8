/**
 * The contract of sinks as checks, for a sink of your own.
 *
 * @module
 */
export { sinkConformance } from './conformance.js'
export type { Ability, KeptRecord, SinkCheck, SinkOnTarget, SinkSpec } from './spec.js'
