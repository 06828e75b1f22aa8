import { count, type Metric, milliseconds, writeMetrics } from '../emf.js'
import { type Account, errorFields, type Log, Sample, type Tally } from '../engine/index.js'
import { asError } from '../errors.js'
import type { Batch, PartitionBatch } from '../event/index.js'
import type { LedgerUsage } from '../ledger/index.js'
import { countContractErrors } from './contract.js'
import { orderStatistics } from './distribution.js'
import { functionName, type Runtime } from './runtime.js'

/** What the framework publishes of a batch, by name, each under {@link BatchDimensions}. */
export type BatchMetric =
  | keyof Tally
  | keyof ReturnType<typeof stagesOf>
  | keyof ReturnType<typeof spent>
  | 'duration'
  | 'failedBatches'
  | 'latency'
  | 'handlerTime'

/** What tells the metrics of one mapping from others'. */
export type BatchDimensions = ReturnType<typeof dimensionsOf>

/** The report on one invocation: a line and an event of metrics at its end, whichever it is (P-21, P-23, P-27). */
export interface Report {
  /** Milliseconds of runs of a handler. */
  readonly handlerTimes: Sample
  end(account: Account): void
  /** By an error, which is thrown again: nothing more of the batch is settled, and all of it comes again. */
  readonly fail: (thrown: unknown) => never
}

/** Begins the report. */
export function openReport(runtime: Runtime, batch: Batch, log: Log): Report {
  const { ledger, clock, mapping } = runtime
  const { topic, group } = mapping
  const started = clock.now()
  const before = ledger.usage
  const records = batch.partitions.reduce((sum, one) => sum + one.records.length, 0)
  const handlerTimes = new Sample(records)
  log.debug('begin', { topic, group, partitions: batch.partitions.map(rangeOf) })
  return {
    handlerTimes,
    end(account) {
      const durationMs = clock.now() - started
      const cost = spent(ledger.usage, before)
      log.info('batch', { topic, group, ...account.tally, ...cost, durationMs, partitions: account.sources })
      writeMetrics(dimensionsOf(runtime), metricsOf(account, cost, durationMs, handlerTimes))
      if (account.breaches.length > 0) countContractErrors(account.breaches.length)
    },
    fail(thrown) {
      const durationMs = clock.now() - started
      log.error('batch failed', { topic, group, records, durationMs, error: errorFields(asError(thrown), log) })
      const metrics = { records: count(records), failedBatches: count(1), duration: milliseconds(durationMs) }
      writeMetrics(dimensionsOf(runtime), { ...metrics, ...happened(spent(ledger.usage, before)) })
      throw thrown
    },
  }
}

const rangeOf = ({ partition, records }: PartitionBatch) => ({
  partition,
  records: records.length,
  from: records[0]?.offset,
  to: records.at(-1)?.offset,
})

const spent = (usage: LedgerUsage, before: LedgerUsage) => ({
  ledgerCalls: usage.calls - before.calls,
  ledgerReadUnits: usage.readUnits - before.readUnits,
  ledgerWriteUnits: usage.writeUnits - before.writeUnits,
  ledgerConflicts: usage.conflicts - before.conflicts,
  recreated: usage.recreated - before.recreated,
})

const stagesOf = ({ decode, validate, process, sink }: Account['failures']) => ({
  failedDecode: decode,
  failedValidate: validate,
  failedProcess: process,
  failedSink: sink,
})

/**
 * One set, so that each metric exists once: a further set would be billed as further metrics. Topic and group add none, as a function reads a
 * topic as one group.
 */
const dimensionsOf = ({ mapping: { topic, group }, serviceName }: Runtime) => ({
  service: serviceName,
  function: functionName(),
  topic,
  group,
})

function metricsOf(
  { tally, failures, latencies }: Account,
  cost: ReturnType<typeof spent>,
  durationMs: number,
  handlerTimes: Sample,
): Metrics {
  const { records, ok, ...others } = tally
  return {
    records: count(records),
    // A rate is ok/records, and has to be 0 where nothing went well.
    ok: count(ok),
    ...happened({ ...others, ...stagesOf(failures), ...cost }),
    duration: milliseconds(durationMs),
    ...distribution('latency', latencies),
    ...distribution('handlerTime', handlerTimes),
  }
}

type Metrics = Partial<Record<BatchMetric, Metric>>

/** What did not happen is not published: a metric is billed for the hours it is seen in. */
const happened = (counts: Partial<Record<BatchMetric, number>>): Metrics =>
  Object.fromEntries(Object.entries(counts).flatMap(([name, n]) => (n === 0 ? [] : [[name, count(n)]])))

function distribution(name: BatchMetric, { values }: Sample): Metrics {
  if (values.length === 0) return {}
  return { [name]: milliseconds(orderStatistics(values).map((value) => Math.round(value * 1_000) / 1_000)) }
}
