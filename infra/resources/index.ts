/**
 * What the stack has beside the functions and their mappings: the framework's tables, permissions, outputs.
 *
 * @module
 */
export { addTables } from './add-tables.js'
export { refuseTooLarge } from './limits.js'
export { logGroupOf, setLogRetention } from './logs.js'
export { addOutputs } from './outputs.js'
export { ownStatements } from './permissions.js'
export { prepareFunctions } from './prepare.js'
export { addRoles, giveRole, roleResource } from './roles.js'
export { type LogSettings, permissionSettings, resourceSettings, type TableSettings } from './settings.js'
export { allow, onlyThrough } from './statement.js'
export { type TableNames, tableArn, tableNames, tableResources } from './tables.js'
export { completeTemplate, refuseChangedMappings, templateResources } from './template.js'
