/**
 * The `kafka` and `msk` events of serverless.yml: what they may say, and which mappings they declare.
 *
 * @module
 */
export { setEnvironment } from './environment.js'
export { type DeclaredMapping, declaredMappings, refused } from './mappings.js'
export { makeLogicalIdsUnique } from './naming.js'
export { mappingOf, propertiesOf } from './properties.js'
export { extendEventSchemas } from './schema.js'
