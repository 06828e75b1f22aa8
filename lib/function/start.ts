import { type DeliveryNeeds, retriesNeeded, tooFewRetries } from '../deployment/index.js'
import type { Log } from '../engine/index.js'
import { countContractErrors } from './contract.js'
import type { Settings } from './options.js'
import { functionName, type Runtime } from './runtime.js'

type NeedSettings = Pick<
  Settings<unknown, unknown>,
  'policies' | 'holds' | 'delivery' | 'reserveMs' | 'recordTimeoutMs' | 'batchTimeoutMs' | 'leaseMs'
>

/** What a function's options ask of its mapping and of its time. */
export function needsOf(settings: NeedSettings): DeliveryNeeds {
  const { policies, holds, delivery, reserveMs, recordTimeoutMs, batchTimeoutMs, leaseMs } = settings
  const { attempts, intervalMs, factor, capMs, onExhausted } = policies.retry
  return {
    attempts: delivery === 'at-most-once' ? 1 : attempts,
    ...{ intervalMs, factor, capMs, reserveMs, holds, leaseMs },
    maxHolds: policies.hold.maxDeliveries,
    keeps: [onExhausted, ...Object.values(policies.poison)].some((action) => action === 'retry' || action === 'fail'),
    recordTimeoutMs: limit(recordTimeoutMs),
    batchTimeoutMs: limit(batchTimeoutMs),
  }
}

/** No limit is absent, not infinite: it goes through JSON. */
const limit = (ms: number): number | undefined => (Number.isFinite(ms) ? ms : undefined)

const started = new WeakSet<Runtime>()

/**
 * Says once per environment and mapping what runs here, and whether the mapping's retries are too few for it: the check of `serverless package`
 * again, for mappings that were changed since (T-19).
 */
export function announce(runtime: Runtime, needs: DeliveryNeeds, timeoutMs: number, log: Log): void {
  if (started.has(runtime)) return
  started.add(runtime)
  const { topic, group, partialResponses, retries } = runtime.mapping
  const version = process.env.AWS_LAMBDA_FUNCTION_VERSION
  log.info('start', {
    ...{ topic, group, partialResponses, retries: retries ?? -1 },
    ...{ function: functionName(), version, node: process.versions.node, attempts: needs.attempts },
  })
  warnOfRetries(runtime, needs, timeoutMs, log, needs.holds)
}

const warned = new WeakSet<Runtime>()

/** The same for a function that has just held a record, which only its handler knew of. */
export function warnOfRetries(
  runtime: Runtime,
  needs: DeliveryNeeds,
  timeoutMs: number,
  log: Log,
  holds: boolean,
): void {
  const { topic, group, retries } = runtime.mapping
  if (retries === undefined || warned.has(runtime)) return
  const needed = retriesNeeded(needs, timeoutMs, { holds })
  if (needed <= retries) return
  warned.add(runtime)
  log.error('too few retries', {
    ...{ topic, group, retries, needed: Number.isFinite(needed) ? needed : -1, code: 'ML_RETRIES_TOO_FEW' },
    reason: `the mapping ${tooFewRetries(needed, retries)}`,
  })
  countContractErrors(1)
}
