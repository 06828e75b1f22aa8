import type { BundleSettings } from '../../lib/local/bundle/index.js'
import type { FunctionAlarms, ServiceAlarms } from '../alarms/index.js'
import type { DashboardSettings } from '../dashboard/index.js'

/** `custom.millrace`. */
export interface ServiceSettings {
  readonly alarms?: ServiceAlarms
  readonly dashboard?: DashboardSettings
  readonly bundle?: BundleSettings
}

/** `millrace:` of a function. */
export interface FunctionSettings {
  readonly alarms?: FunctionAlarms
  readonly bundle?: BundleSettings
}
