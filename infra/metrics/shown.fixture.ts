import type { Resource } from '../serverless.js'

/** A metric that a dashboard or an alarm asks for. */
export interface Shown {
  readonly namespace: string
  readonly name: string
  /** Their names, joined by commas. */
  readonly dimensions: string
}

/** A dashboard's body, with its references left as they are. */
export function bodyOf({ Properties }: Resource): { widgets: Widget[] } {
  const sub = (Properties?.DashboardBody as { 'Fn::Sub': string | [string] })['Fn::Sub']
  return JSON.parse(typeof sub === 'string' ? sub : sub[0])
}

export interface Widget {
  readonly type: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly properties: {
    readonly title?: string
    readonly markdown?: string
    readonly alarms?: readonly string[]
    readonly metrics?: readonly (readonly (string | object)[])[]
    readonly annotations?: { readonly horizontal: readonly { readonly value: number; readonly label: string }[] }
  }
}

/** Every metric that the dashboards and alarms among these resources ask for, once each. */
export function shownMetrics(resources: Readonly<Record<string, Resource>>): readonly Shown[] {
  const all = Object.values(resources).flatMap((resource): Shown[] => {
    if (resource.Type === 'AWS::CloudWatch::Dashboard') return bodyOf(resource).widgets.flatMap(ofWidget)
    if (resource.Type === 'AWS::CloudWatch::Alarm') return ofAlarm(resource)
    return []
  })
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()]
}

function ofWidget({ properties: { metrics = [] } }: Widget): Shown[] {
  return whole(metrics).flatMap((line) => {
    const [namespace, name, ...rest] = line.filter((one): one is string => typeof one === 'string')
    if (namespace === undefined || name === undefined) return []
    return [{ namespace, name, dimensions: rest.filter((_, i) => i % 2 === 0).join(',') }]
  })
}

/** Lines as CloudWatch reads them: a `.` stands for what the line before has there. */
export function whole(lines: readonly (readonly (string | object)[])[]): (string | object)[][] {
  const read: (string | object)[][] = []
  for (const line of lines) {
    const before = read.at(-1) ?? []
    read.push(line.map((one, i) => (one === '.' ? (before[i] ?? one) : one)))
  }
  return read
}

function ofAlarm({ Properties }: Resource): Shown[] {
  const stats = Properties?.Metrics as readonly {
    MetricStat?: { Metric: { Namespace: string; MetricName: string; Dimensions: readonly { Name: string }[] } }
  }[]
  return stats.flatMap(({ MetricStat }) => {
    if (MetricStat === undefined) return []
    const { Namespace, MetricName, Dimensions } = MetricStat.Metric
    return [{ namespace: Namespace, name: MetricName, dimensions: Dimensions.map(({ Name }) => Name).join(',') }]
  })
}
