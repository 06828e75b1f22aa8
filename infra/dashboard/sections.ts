import { ofCode, ofFunction, ofHealth, ofTable } from '../metrics/index.js'
import type { Plan, PlannedFunction } from '../plan.js'
import { mappingSection } from './mapping.js'
import type { Graph, Line, Section } from './section.js'

/** Everything that a service's dashboard shows, from the top. @param alarmIds logical ids of its alarms */
export function sectionsOf(plan: Plan, alarmIds: readonly string[]): readonly Section[] {
  return [
    serviceSection(plan, alarmIds),
    ...plan.functions.flatMap((fn) => [
      functionSection(plan, fn),
      ...fn.mappings.map((mapping) => mappingSection(plan, fn, mapping)),
    ]),
  ]
}

function serviceSection(plan: Plan, alarmIds: readonly string[]): Section {
  const { service, stage, tables } = plan
  const ofBoth = (name: Parameters<typeof ofTable>[0], what: string): Line[] =>
    Object.entries(tables).map(([kind, table]: [string, string]) => ({
      ...{ metric: ofTable(name, table), stat: 'Sum', label: `${kind} ${what}` },
    }))
  const throttles = [...ofBoth('WriteThrottleEvents', 'writes'), ...ofBoth('ReadThrottleEvents', 'reads')]
  const units = [
    ...ofBoth('ConsumedWriteCapacityUnits', 'write units'),
    ...ofBoth('ConsumedReadCapacityUnits', 'read units'),
  ]
  return {
    heading: `# ${service.service} · ${stage}\nWhat each graph and alarm means, and what to do: docs/dashboard.md of millrace`,
    alarms: alarmIds.map((id) => ({ 'Fn::GetAtt': [id, 'Arn'] })),
    graphs: [
      ...healthGraphs(plan),
      { title: 'Tables: throttled requests', lines: throttles, unit: 'requests' },
      { title: 'Tables: capacity', lines: units.map((line) => ({ ...line, rate: true })), unit: 'units per second' },
    ],
  }
}

/** What the ledger and the failures table hold. */
function healthGraphs(plan: Plan): Graph[] {
  const line = (name: Parameters<typeof ofHealth>[0], label: string): Line[] => {
    const metric = ofHealth(name, plan)
    return metric === undefined ? [] : [{ metric, stat: 'Maximum', label }]
  }
  const graphs: Graph[] = [
    { title: 'Given up on, and waiting', lines: line('failuresWaiting', 'in the failures table'), unit: 'records' },
    {
      title: 'Begun, and not done',
      lines: [...line('openRecords', 'open records'), ...line('stalledPartitions', 'partitions that nobody comes for')],
      unit: 'count',
    },
    { title: 'Open for the longest', lines: line('oldestOpenSeconds', 'oldest open record'), unit: 'seconds' },
  ]
  return graphs.filter(({ lines }) => lines.length > 0)
}

function functionSection({ resources }: Plan, fn: PlannedFunction): Section {
  const { Timeout, ReservedConcurrentExecutions: reserved } = (resources[fn.logicalId]?.Properties ?? {}) as {
    readonly Timeout?: number
    readonly ReservedConcurrentExecutions?: number
  }
  const timed = (stat: string): Line => ({ metric: ofFunction('Duration', fn), stat, label: stat })
  return {
    heading: `## ${fn.name}\nFunction ${fn.deployed}`,
    graphs: [
      {
        title: 'Invocations, errors, throttles',
        lines: [
          { metric: ofFunction('Invocations', fn), stat: 'Sum', label: 'invocations' },
          { metric: ofFunction('Errors', fn), stat: 'Sum', label: 'errors', right: true },
          { metric: ofFunction('Throttles', fn), stat: 'Sum', label: 'throttles', right: true },
          { metric: ofCode('contractErrors', fn), stat: 'Sum', label: 'contract errors', right: true },
        ],
        unit: 'invocations',
      },
      {
        title: 'Duration against time-out',
        lines: ['p50', 'p99', 'Maximum'].map(timed),
        unit: 'ms',
        ...(typeof Timeout === 'number' && { limit: { value: Timeout * 1_000, label: 'time-out' } }),
      },
      {
        title: 'Concurrency',
        lines: [{ metric: ofFunction('ConcurrentExecutions', fn), stat: 'Maximum', label: 'at once' }],
        unit: 'environments',
        ...(typeof reserved === 'number' && { limit: { value: reserved, label: 'reserved' } }),
      },
    ],
  }
}
