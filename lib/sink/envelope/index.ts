/**
 * What is kept of a record that was given up on, in memory and as JSON (docs/envelope.md).
 *
 * @module
 */
export { fromDestination } from './destination.js'
export {
  abandonedEnvelope,
  abandonedRule,
  type Envelope,
  type ExactBytes,
  envelopeOf,
  type Giver,
  hasBytes,
  type Provenance,
} from './envelope.js'
export { hashOf } from './hash.js'
export { fromJson, invalid, jsonOf, toJson, verified } from './json.js'
