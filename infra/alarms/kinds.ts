import { defaultEveryMinutes } from '../health/index.js'
import { lagOf, ofBatches, ofCode, ofFunction, ofHealth, publishes } from '../metrics/index.js'
import type { Plan, PlannedFunction, PlannedMapping } from '../plan.js'
import type { Alarm } from './alarm.js'
import type { AlarmKind, AlarmSettings } from './settings.js'

/** Makes the alarm of a kind by what is asked of it; undefined: there is none. */
export type Makers<K extends AlarmKind> = {
  readonly [P in K]: (asked: AlarmSettings[P] | undefined) => Alarm | undefined
}

/** Once, in five minutes; what did not happen is not published. */
const often = { periodSeconds: 300, periods: 1, missing: 'notBreaching' } as const

/** As CloudWatch has it, what is missing of a sum, or of one of two series that are compared, is 0. */
const expressions = {
  stall: '(lag > 0) > (ok + fallback + drop + duplicate > 0)',
  fallbackRate: '100 * fallback / records',
} as const

/** The alarms of one mapping. */
export function mappingMakers(
  plan: Plan,
  fn: PlannedFunction,
  mapping: PlannedMapping,
): Makers<'stall' | 'fallbackRate' | 'abandoned' | 'recreated' | 'latency'> {
  const { topic, group } = mapping.told
  const where = `of topic ${topic} for group ${group}`
  const of = (name: Parameters<typeof ofBatches>[0], stat = 'Sum') => ({ metric: ofBatches(name, fn, mapping), stat })
  return {
    stall: (asked) => stall(plan, fn, mapping, asked?.stallSeconds),
    fallbackRate: ({ percent = 5 } = {}) => ({
      ...often,
      description: `More than ${percent} % of the records ${where} went to the fallback`,
      metrics: { fallback: of('fallback'), records: of('records') },
      expression: expressions.fallbackRate,
      threshold: percent,
    }),
    abandoned: ({ records = 0 } = {}) => ({
      ...often,
      description: `Lambda went on without records ${where} that were not settled`,
      metrics: { abandoned: of('abandoned') },
      threshold: records,
    }),
    recreated: ({ partitions = 0 } = {}) => ({
      ...often,
      description: `The topic is not the one that the ledger knew ${where}; what it knew is put aside`,
      metrics: { recreated: of('recreated') },
      threshold: partitions,
    }),
    latency: (asked) =>
      asked && {
        ...often,
        periods: 3,
        description: `One in a hundred records ${where} takes longer than ${asked.p99Ms} ms to be settled`,
        metrics: { latency: of('latency', 'p99') },
        threshold: asked.p99Ms,
      },
  }
}

/** There is lag, and nothing is settled (E-10). */
function stall(plan: Plan, fn: PlannedFunction, mapping: PlannedMapping, asked: number | undefined): Alarm | undefined {
  const { topic, group } = mapping.told
  const lag = lagOf(plan, fn, mapping)
  if (lag === undefined) {
    const [why, what] = publishes(plan, 'ProvisionedPollers', mapping)
      ? ['without KafkaMetrics in metricsConfig', 'add it']
      : [
          'on demand, beside other topics of its function,',
          'add provisionedPollerConfig, or give it a function of its own',
        ]
    plan.warn(
      `function ${fn.name}, topic ${topic}: ${why} nobody knows its lag, so there is no stall alarm; ${what}, or set alarms: { stall: false }`,
    )
    return undefined
  }
  const of = (name: Parameters<typeof ofBatches>[0]) => ({ metric: ofBatches(name, fn, mapping), stat: 'Sum' })
  const seconds = asked ?? defaultStallSeconds(plan, fn)
  return {
    description: `There are records of topic ${topic} for group ${group}, and for ${seconds} s none is settled`,
    metrics: {
      lag: { metric: lag, stat: 'Maximum' },
      ok: of('ok'),
      fallback: of('fallback'),
      drop: of('drop'),
      duplicate: of('duplicate'),
    },
    expression: expressions.stall,
    threshold: 0,
    periodSeconds: 60,
    periods: seconds / 60,
    // A mapping that is on says its lag; one that does not may be unable to reach Kafka.
    missing: 'missing',
  }
}

/** A batch tells what it has settled at its end: no earlier than the function's time-out allows, and what it says takes a minute or two. */
export function defaultStallSeconds({ resources }: Plan, fn: PlannedFunction): number {
  const { Timeout } = resources[fn.logicalId]?.Properties ?? {}
  const timeout = typeof Timeout === 'number' ? Timeout : 900
  return Math.max(300, Math.ceil((timeout + 120) / 60) * 60)
}

/** The alarms of one function. */
export function functionMakers(fn: PlannedFunction): Makers<'contractErrors' | 'throttles' | 'errors'> {
  // Elsewhere a record that is to be retried ends its invocation by an error.
  const reports = fn.mappings.every(({ told }) => told.partialResponses)
  return {
    contractErrors: ({ count = 0 } = {}) => ({
      ...often,
      description: `Code, deployment and events of ${fn.deployed} disagree: no delivery goes better until that is mended`,
      metrics: { errors: { metric: ofCode('contractErrors', fn), stat: 'Sum' } },
      threshold: count,
    }),
    throttles: ({ count = 0 } = {}) => ({
      ...often,
      periods: 3,
      description: `Lambda has no environment for some invocations of ${fn.deployed}`,
      metrics: { throttles: { metric: ofFunction('Throttles', fn), stat: 'Sum' } },
      threshold: count,
    }),
    errors: (asked = reports ? {} : undefined) =>
      asked && {
        ...often,
        description: `Invocations of ${fn.deployed} end by an error: a crash, a time-out, or a batch that failed`,
        metrics: { errors: { metric: ofFunction('Errors', fn), stat: 'Sum' } },
        threshold: asked.count ?? 0,
      },
  }
}

/** Records wait in the failures table (P-22); undefined where nobody counts them. */
export function failuresWaiting(plan: Plan, { records = 0 }: { readonly records?: number }): Alarm | undefined {
  const metric = ofHealth('failuresWaiting', plan)
  const { everyMinutes = defaultEveryMinutes } = plan.settings.health || {}
  return (
    metric && {
      description: `More than ${records} records of ${plan.tables.failures} were neither redriven nor discarded`,
      metrics: { waiting: { metric, stat: 'Maximum' } },
      threshold: records,
      // Twice as long as from one count to the next, so that there is always one in it.
      periodSeconds: Math.min(86_400, 2 * 60 * everyMinutes),
      periods: 1,
      // They are counted even where there are none.
      missing: 'missing',
    }
  )
}
