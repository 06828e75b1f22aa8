import type { BundleSettings } from '../../lib/local/bundle/index.js'
import type { FunctionAlarms, ServiceAlarms } from '../alarms/index.js'
import type { CheckSettings } from '../checks/settings.js'
import type { DashboardSettings } from '../dashboard/index.js'
import type { HealthSettings } from '../health/index.js'
import type { LogSettings, TableSettings } from '../resources/index.js'

/** `custom.millrace`. */
export interface ServiceSettings {
  readonly tables?: TableSettings
  readonly logs?: LogSettings
  readonly alarms?: ServiceAlarms
  readonly dashboard?: DashboardSettings
  readonly health?: HealthSettings
  readonly bundle?: BundleSettings
}

/** `millrace:` of a function. */
export interface FunctionSettings extends CheckSettings {
  /** What its own code may do: statements of an IAM policy, added to the function's role and to no other. */
  readonly iamStatements?: readonly IamStatement[]
  readonly alarms?: FunctionAlarms
  readonly bundle?: BundleSettings
}

/** As osls takes it in `provider.iam.role.statements`. */
export interface IamStatement {
  readonly Action?: string | readonly string[]
  readonly [element: string]: unknown
}
