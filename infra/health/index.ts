/**
 * The function that looks at the service: by default each has one (`custom.millrace.health`).
 *
 * @module
 */
export { addHealth } from './function.js'
export { addHealthRole, prepareHealth } from './role.js'
export { defaultEveryMinutes, type HealthSettings, healthSchema } from './settings.js'
