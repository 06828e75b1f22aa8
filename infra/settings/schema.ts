import { functionAlarmsSchema, serviceAlarmsSchema } from '../alarms/index.js'
import { bundleSchema } from '../bundle/index.js'
import { checkProperties } from '../checks/settings.js'
import { dashboardSchema } from '../dashboard/index.js'
import { healthSchema } from '../health/index.js'
import { permissionSettings, resourceSettings } from '../resources/index.js'
import type { ConfigSchemaHandler } from '../serverless.js'

/** What `custom.millrace` may say; each part has its own folder, and says here what it takes. */
const serviceProperties = {
  ...resourceSettings,
  alarms: serviceAlarmsSchema,
  bundle: bundleSchema,
  dashboard: dashboardSchema,
  health: healthSchema,
} as const

/** What `millrace` of a function may say. */
const functionProperties = {
  ...permissionSettings,
  alarms: functionAlarmsSchema,
  bundle: bundleSchema,
  ...checkProperties,
} as const

const strict = (properties: object) => ({ type: 'object', properties, additionalProperties: false })

/** Lets serverless.yml say `custom.millrace`, for the service, and `millrace`, for a function. */
export function extendSettingsSchemas(handler: ConfigSchemaHandler): void {
  // The schema handler keeps what it is given and rewrites it.
  handler.defineCustomProperties({ properties: { millrace: strict(structuredClone(serviceProperties)) } })
  handler.defineFunctionProperties('aws', { properties: { millrace: strict(structuredClone(functionProperties)) } })
}
