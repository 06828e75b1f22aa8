import { count, type Metric } from '../emf.js'
import type { Health } from './look.js'

/** What a look is worth as metrics: namespace `millrace`, dimensions `service` and `function`: the name of the function has the stage. */
export function metricsOf({ at, failuresWaiting, partitions }: Health): Readonly<Record<HealthMetric, Metric>> {
  const oldest = Math.min(at, ...partitions.flatMap(({ oldestOpenAt }) => oldestOpenAt ?? []))
  return {
    failuresWaiting: count(failuresWaiting.count),
    openRecords: count(partitions.reduce((sum, { open }) => sum + open, 0)),
    oldestOpenSeconds: { unit: 'Seconds', value: Math.round((at - oldest) / 1000) },
    stalledPartitions: count(partitions.filter(({ stalled }) => stalled).length),
  }
}

/** By name. */
export type HealthMetric = 'failuresWaiting' | 'openRecords' | 'oldestOpenSeconds' | 'stalledPartitions'
