/**
 * The framework's own settings in serverless.yml: `custom.millrace` for the service, `millrace:` for a function.
 *
 * @module
 */
export { extendSettingsSchemas } from './schema.js'
export type { FunctionSettings, ServiceSettings } from './settings.js'
