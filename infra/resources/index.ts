/**
 * What the stack has beside the functions and their mappings: the framework's tables, permissions, outputs.
 *
 * @module
 */
export { addTables } from './add-tables.js'
export { addOutputs } from './outputs.js'
export { prepareFunctions } from './prepare.js'
export { addRoles } from './roles.js'
export { type LogSettings, permissionSettings, resourceSettings, type TableSettings } from './settings.js'
export { type TableNames, tableNames, tableResources } from './tables.js'
export { completeTemplate, refuseChangedMappings, templateResources } from './template.js'
