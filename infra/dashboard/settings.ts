import { orFalse } from '../or-false.js'

/** `dashboard` of `custom.millrace`: false for none. */
export type DashboardSettings =
  | false
  | {
      /** Default `<service>-<stage>-<region>`: names of dashboards are one account's, whatever the region. */
      readonly name?: string
    }

export const dashboardSchema = orFalse({
  type: 'object',
  properties: { name: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,250}$' } },
  additionalProperties: false,
})
