import type { MappingsPlace } from '../target/index.js'
import { clientOptions } from './lambda.js'

/** An alarm that is on. */
export interface Alarm {
  readonly name: string
  readonly reason: string
  /** Epoch ms. */
  readonly since: number
}

/** CloudWatch tells of so many by name at once. */
const atOnce = 100

/** The alarms of the stack that are on, by their names; undefined of a local stack, which has none. */
export async function alarmsOf(place: MappingsPlace): Promise<readonly Alarm[] | undefined> {
  if (place.kind === 'local') return undefined
  const names = await namesIn(place)
  if (names.length === 0) return []
  const { CloudWatch } = await import('@aws-sdk/client-cloudwatch')
  const client = new CloudWatch(clientOptions(place))
  try {
    const on: Alarm[] = []
    for (let from = 0; from < names.length; from += atOnce) {
      const { MetricAlarms: alarms = [], CompositeAlarms: composites = [] } = await client.describeAlarms({
        AlarmNames: names.slice(from, from + atOnce),
        AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
        StateValue: 'ALARM',
        MaxRecords: atOnce,
      })
      for (const { AlarmName: name = '', StateReason: reason = '', StateUpdatedTimestamp: at } of [
        ...alarms,
        ...composites,
      ])
        on.push({ name, reason, since: at?.getTime() ?? 0 })
    }
    return on.sort((a, b) => (a.name < b.name ? -1 : 1))
  } finally {
    client.destroy()
  }
}

/** By what the stack made: names alone may be those of another stack, too. */
async function namesIn(place: MappingsPlace & { readonly kind: 'deployed' }): Promise<string[]> {
  const { CloudFormation, paginateListStackResources } = await import('@aws-sdk/client-cloudformation')
  const client = new CloudFormation(clientOptions(place))
  try {
    const names: string[] = []
    for await (const { StackResourceSummaries: all = [] } of paginateListStackResources(
      { client },
      { StackName: place.stack },
    )) {
      for (const { ResourceType: type, PhysicalResourceId: id } of all)
        if (id && ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].includes(type ?? '')) names.push(id)
    }
    return names
  } finally {
    client.destroy()
  }
}
