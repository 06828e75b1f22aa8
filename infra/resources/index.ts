/**
 * What the stack has beside the functions and their mappings: the framework's tables, permissions, outputs.
 *
 * @module
 */
export { addOutputs } from './outputs.js'
export { type TableNames, tableNames, tableResources } from './tables.js'
export { completeTemplate, refuseChangedMappings, templateResources } from './template.js'
