import { lagOf, type MappingAwsMetric, type Metric, ofBatches, ofMapping, publishes } from '../metrics/index.js'
import type { Plan, PlannedFunction, PlannedMapping } from '../plan.js'
import type { Graph, Line, Section } from './section.js'

/** The lines of one mapping. */
interface Lines {
  /** Of the framework's own metrics; their sums, unless it says otherwise. */
  readonly batch: (name: Parameters<typeof ofBatches>[0], label: string, more?: Partial<Line>) => Line
  /** Of Lambda's, by metric: their labels. None where the mapping does not publish it. */
  readonly poll: (labels: Partial<Record<MappingAwsMetric, string>>, more?: Partial<Line>) => readonly Line[]
}

/** What one mapping does. */
export function mappingSection(plan: Plan, fn: PlannedFunction, mapping: PlannedMapping): Section {
  const { topic, group } = mapping.told
  const lines: Lines = {
    batch: (name, label, more) => ({ metric: ofBatches(name, fn, mapping), stat: 'Sum', label, ...more }),
    poll: (labels, more) =>
      (Object.entries(labels) as [MappingAwsMetric, string][]).flatMap(([name, label]) =>
        publishes(plan, name, mapping) ? [{ metric: ofMapping(name, mapping), stat: 'Sum', label, ...more }] : [],
      ),
  }
  const lag = lagOf(plan, fn, mapping)
  const graphs = [...flow(lines, lag), ...outcomes(lines), ...costs(lines), ...poller(lines)]
  return {
    heading: `### ${fn.name}: topic ${topic}, as group ${group}`,
    graphs: graphs.filter((graph) => graph.lines.length > 0),
  }
}

const flow = ({ batch, poll }: Lines, lag: Metric | undefined): Graph[] => [
  {
    title: 'Lag, in offsets',
    lines:
      lag?.name === 'OffsetLag'
        ? [{ metric: lag, stat: 'Maximum', label: 'the topic' }]
        : poll({ MaxOffsetLag: 'worst partition', SumOffsetLag: 'all partitions' }, { stat: 'Maximum' }),
    unit: 'records',
  },
  {
    title: 'Lag, in time: produced to settled',
    lines: ['p50', 'p99', 'Maximum'].map((stat) => batch('latency', stat, { stat })),
    unit: 'ms',
  },
  {
    title: 'Throughput',
    lines: [batch('records', 'delivered', { rate: true }), batch('ok', 'ok', { rate: true })],
    unit: 'records per second',
  },
]

const outcomes = ({ batch }: Lines): Graph[] => [
  {
    title: 'What became of records',
    lines: [
      batch('ok', 'ok', { right: true }),
      ...(['retry', 'fallback', 'drop', 'hold', 'fail', 'duplicate', 'skipped', 'pending'] as const).map((name) =>
        batch(name, name),
      ),
    ],
    unit: 'records (ok: right)',
  },
  {
    title: 'Failures, by stage',
    lines: [
      batch('failedDecode', 'decode'),
      batch('failedValidate', 'validate'),
      batch('failedProcess', 'process'),
      batch('failedSink', 'sink'),
    ],
    stacked: true,
    unit: 'records',
  },
  {
    title: 'To be looked at',
    lines: [
      batch('abandoned', 'records abandoned'),
      batch('recreated', 'partitions recreated'),
      batch('failedBatches', 'batches failed'),
    ],
    unit: 'count',
  },
]

const costs = ({ batch }: Lines): Graph[] => [
  {
    title: 'Time of handler and batch',
    lines: ['p50', 'p99'].flatMap((stat) => [
      batch('handlerTime', `handler ${stat}`, { stat }),
      batch('duration', `batch ${stat}`, { stat }),
    ]),
    unit: 'ms',
  },
  {
    title: 'Ledger: calls and conflicts',
    lines: [batch('ledgerCalls', 'calls'), batch('ledgerConflicts', 'conflicts', { right: true })],
    unit: 'calls (conflicts: right)',
  },
  {
    title: 'Ledger: units',
    lines: [batch('ledgerWriteUnits', 'write units'), batch('ledgerReadUnits', 'read units')],
    unit: 'units',
  },
]

const poller = ({ poll }: Lines): Graph[] => [
  {
    title: 'Mapping: records',
    lines: poll({
      PolledEventCount: 'polled',
      FilteredOutEventCount: 'filtered out',
      InvokedEventCount: 'invoked with',
      FailedInvokeEventCount: 'failed',
      CommittedEventCount: 'committed',
      DroppedEventCount: 'dropped',
      OnFailureDestinationDeliveredEventCount: 'sent to the destination',
    }),
    unit: 'records',
  },
  {
    title: 'Mapping: errors',
    lines: poll({
      PollingErrorCount: 'polling',
      InvokeErrorCount: 'invoking',
      CommitErrorCount: 'committing',
      SchemaRegistryErrorCount: 'schema registry',
      OnFailureDestinationDeliveryErrorCount: 'destination',
    }),
    unit: 'errors',
  },
  {
    title: 'Mapping: pollers',
    lines: [
      ...poll({ ProvisionedPollers: 'pollers' }, { stat: 'Maximum' }),
      ...poll({ EventPollerUnit: 'event poller units' }),
      ...poll({ EventPollerThroughputInBytes: 'bytes' }, { right: true }),
    ],
    unit: 'pollers (bytes: right)',
  },
]
