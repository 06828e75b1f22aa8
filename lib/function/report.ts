import { MetricUnit } from '@aws-lambda-powertools/metrics'
import type { Tally } from '../engine/index.js'
import type { Usage } from '../ledger/index.js'
import type { Runtime } from './runtime.js'

/** One line and one set of metrics per batch: outcomes, what the ledger cost, how long it took. */
export function publish(runtime: Runtime, tally: Tally, before: Usage, durationMs: number): void {
  const { ledger, logger, metrics, mapping } = runtime
  const cost = {
    ledgerCalls: ledger.usage.calls - before.calls,
    ledgerReadUnits: ledger.usage.readUnits - before.readUnits,
    ledgerWriteUnits: ledger.usage.writeUnits - before.writeUnits,
  }
  logger.info('batch', { topic: mapping.topic, group: mapping.group, ...tally, ...cost, durationMs })
  metrics.addDimensions({ topic: mapping.topic, group: mapping.group })
  for (const [name, value] of Object.entries({ ...tally, ...cost })) metrics.addMetric(name, MetricUnit.Count, value)
  metrics.addMetric('duration', MetricUnit.Milliseconds, durationMs)
}
