/**
 * The dashboard of a service, made from its functions and mappings.
 *
 * @module
 */
import type { Plan } from '../plan.js'
import { bodyOf } from './body.js'
import { layOut } from './layout.js'
import { sectionsOf } from './sections.js'

export { type DashboardSettings, dashboardSchema } from './settings.js'

/** Adds the dashboard; more than one where a service has more to show than one takes. @param alarmIds logical ids of its alarms */
export function addDashboard(plan: Plan, alarmIds: readonly string[]): void {
  const { dashboard } = plan.settings
  if (dashboard === false) return
  for (const [i, widgets] of layOut(sectionsOf(plan, alarmIds)).entries()) {
    const suffix = i === 0 ? '' : `-${i + 1}`
    plan.resources[`MillraceDashboard${i === 0 ? '' : i + 1}`] = {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: {
        DashboardName: nameOf(plan, dashboard?.name, suffix),
        DashboardBody: bodyOf(widgets, plan.resources),
      },
    }
  }
}

const nameOf = ({ service, stage }: Plan, name: string | undefined, suffix: string): string | object =>
  name === undefined ? { 'Fn::Sub': `${service.service}-${stage}-\${AWS::Region}${suffix}` } : `${name}${suffix}`
