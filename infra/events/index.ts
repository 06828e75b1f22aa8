/**
 * The `kafka` and `msk` events of serverless.yml: what they may say, and which mappings they declare.
 *
 * @module
 */
export { accessOf, type MappingAccess, type Registry } from './access.js'
export { refuseDisagreement } from './agreement.js'
export { queueMode } from './check.js'
export { deployedResources } from './deployed.js'
export { type Destination, destinationOf } from './destination.js'
export { setEnvironment } from './environment.js'
export { type DeclaredMapping, declaredMappings } from './mappings.js'
export { makeLogicalIdsUnique } from './naming.js'
export { leaveWhatOslsKnows } from './osls.js'
export { isQueue, mappingOf, propertiesOf } from './properties.js'
export { refused } from './refused.js'
export { extendEventSchemas } from './schema.js'
export type { EventSettings, Intrinsic, MetricKind, Value } from './settings.js'
export { refuseTakenGroups } from './taken-groups.js'
