import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A mapping as Lambda's API tells it. */
export interface Told {
  readonly UUID: string
  readonly FunctionArn: string
  readonly Topics: readonly string[]
  State: string
  readonly StateTransitionReason?: string
  readonly LastProcessingResult?: string
  readonly SelfManagedKafkaEventSourceConfig?: { readonly ConsumerGroupId: string }
}

/** What an account has: one stack, its mappings, its alarms, its metrics. */
export interface Account {
  readonly stack: string
  readonly outputs: Readonly<Record<string, string>>
  /** Names of alarms, and why they are on where they are. */
  readonly alarms: Record<string, string | undefined>
  readonly mappings: Told[]
  /** So many calls it had in hand at once. */
  mostAtOnce?: number
  /** Newest value by name of the metric. */
  metrics: Record<string, number>
}

/** AWS of an account, as far as the commands ask: CloudFormation, CloudWatch and Lambda, in their own wire formats. */
export async function startAws(account: Account): Promise<{ readonly url: string; stop(): Promise<void> }> {
  let atOnce = 0
  const server = createServer(async (request, response) => {
    account.mostAtOnce = Math.max(account.mostAtOnce ?? 0, ++atOnce)
    // So that what is asked at once is seen to be.
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve))
    const { type, body } = answer(account, request, await textOf(request))
    atOnce--
    response.writeHead(body === undefined ? 403 : 200, { 'content-type': type })
    response.end(body ?? '{"__type":"AccessDeniedException","message":"not allowed"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Answer {
  readonly type: string
  /** Undefined: it is not allowed. */
  readonly body: string | undefined
}

function answer(account: Account, { url = '', method, headers }: IncomingMessage, text: string): Answer {
  const target = String(headers['x-amz-target'] ?? '').split('.')[1]
  if (target) return { type: 'application/x-amz-json-1.0', body: cloudWatch(account, target, JSON.parse(text)) }
  if (url.startsWith('/2015-03-31/')) return { type: 'application/json', body: lambda(account, url, method, text) }
  return { type: 'text/xml', body: cloudFormation(account, new URLSearchParams(text)) }
}

/** Two to a page, so that pages are followed. */
const pageSize = 2

function lambda({ mappings }: Account, url: string, method = 'GET', text: string): string {
  const { pathname, searchParams } = new URL(url, 'http://aws')
  const found = mappings.find(({ UUID }) => pathname.endsWith(`/${UUID}`))
  if (found && method === 'PUT') {
    const { Enabled } = JSON.parse(text) as { readonly Enabled: boolean }
    found.State = Enabled ? 'Enabled' : 'Disabled'
  }
  if (found) return JSON.stringify(found)
  // As documented: an alias has its own name.
  const name = searchParams.get('FunctionName')
  const meant = mappings.filter(({ FunctionArn }) => name === null || FunctionArn.endsWith(`:function:${name}`))
  const from = Number(searchParams.get('Marker') ?? 0)
  const page = { EventSourceMappings: meant.slice(from, from + pageSize) }
  return JSON.stringify({ ...page, ...(from + pageSize < meant.length && { NextMarker: String(from + pageSize) }) })
}

interface Asked {
  readonly AlarmNames?: readonly string[]
  readonly MetricDataQueries?: readonly {
    readonly Id: string
    readonly MetricStat: { Metric: { MetricName: string } }
  }[]
}

function cloudWatch({ alarms, metrics }: Account, operation: string, asked: Asked): string | undefined {
  if (operation === 'DescribeAlarms') {
    if ('denied' in alarms) return undefined
    const on = (asked.AlarmNames ?? []).filter((name) => alarms[name] !== undefined)
    return JSON.stringify({
      MetricAlarms: on.map((AlarmName) => ({
        ...{ AlarmName, StateValue: 'ALARM', StateReason: alarms[AlarmName], StateUpdatedTimestamp: 1_800_000_000 },
      })),
    })
  }
  const results = (asked.MetricDataQueries ?? []).map(({ Id, MetricStat: { Metric } }) => {
    const value = metrics[Metric.MetricName]
    return {
      Id,
      Values: value === undefined ? [] : [value, 1],
      Timestamps: value === undefined ? [] : [1_800_000_000, 1],
    }
  })
  return JSON.stringify({ MetricDataResults: results })
}

function cloudFormation({ stack, outputs, alarms }: Account, form: URLSearchParams): string {
  const action = form.get('Action')
  const of = (inside: string) =>
    `<${action}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><${action}Result>${inside}</${action}Result></${action}Response>`
  if (action === 'ListStackResources') {
    const all = [
      ['AWS::Lambda::Function', 'shop-dev-orders'],
      ...Object.keys(alarms).map((name) => ['AWS::CloudWatch::Alarm', name]),
    ]
    const members = all.map(
      ([type, id]) =>
        `<member><ResourceType>${type}</ResourceType><PhysicalResourceId>${id}</PhysicalResourceId><LogicalResourceId>x</LogicalResourceId><ResourceStatus>CREATE_COMPLETE</ResourceStatus><LastUpdatedTimestamp>2026-11-21T12:00:00Z</LastUpdatedTimestamp></member>`,
    )
    return of(`<StackResourceSummaries>${members.join('')}</StackResourceSummaries>`)
  }
  const told = Object.entries(outputs).map(
    ([key, value]) =>
      `<member><OutputKey>${key}</OutputKey><OutputValue>${value.replaceAll('"', '&quot;')}</OutputValue></member>`,
  )
  return of(
    `<Stacks><member><StackName>${stack}</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-21T12:00:00Z</CreationTime><Outputs>${told.join('')}</Outputs></member></Stacks>`,
  )
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}
