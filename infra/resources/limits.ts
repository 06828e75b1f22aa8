import { MillraceError } from '../../lib/errors.js'
import type { Resource } from '../serverless.js'

/** What CloudFormation takes in one template: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const most = { resources: 500, outputs: 200, bytes: 1_000_000 }

interface Template {
  readonly Resources: Readonly<Record<string, Resource>>
  readonly Outputs?: Readonly<Record<string, unknown>>
}

/**
 * Refuses a template that CloudFormation would not take, which it says only when the deployment has begun. The framework's part of a service grows
 * with its functions and topics.
 *
 * @throws MillraceError `ML_TEMPLATE_TOO_LARGE`
 */
export function refuseTooLarge(template: Template): void {
  const { Resources, Outputs = {} } = template
  const ofType = (type: string) => Object.values(Resources).filter(({ Type }) => Type === type)
  const resources = Object.keys(Resources).length
  if (resources > most.resources) {
    const alarms = ofType('AWS::CloudWatch::Alarm').length
    throw tooLarge(
      `${resources} resources, and CloudFormation takes ${most.resources}. ${alarms} of them are alarms: turn off those that nobody waits for (custom.millrace.alarms, or millrace.alarms of a function)`,
    )
  }
  const outputs = Object.keys(Outputs).length
  if (outputs > most.outputs)
    throw tooLarge(`${outputs} outputs, and CloudFormation takes ${most.outputs}: one is for each mapping`)
  const bytes = sizeOf(template)
  if (bytes > most.bytes) {
    const dashboards = sizeOf(ofType('AWS::CloudWatch::Dashboard'))
    throw tooLarge(
      `${bytes} bytes, and CloudFormation takes ${most.bytes}. ${dashboards} of them are dashboards: do without (custom.millrace.dashboard: false)`,
    )
  }
}

/** As osls uploads it. */
const sizeOf = (json: unknown): number => Buffer.byteLength(JSON.stringify(json))

const tooLarge = (what: string): MillraceError =>
  new MillraceError(
    'ML_TEMPLATE_TOO_LARGE',
    `the template has ${what}, or deploy some of the functions as a service of their own`,
  )
