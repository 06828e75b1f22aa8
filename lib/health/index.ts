/**
 * The health function that the plugin adds to a service: it looks at the service's own tables, publishes what it finds as
 * metrics, and answers it where it has a URL.
 *
 * @module
 */
import { healthHandler } from './handler.js'

export type { FailuresWaiting } from './failures.js'
export type { HttpAnswer } from './handler.js'
export type { Health } from './look.js'
export type { HealthMetric } from './metrics.js'
export type { PartitionHealth } from './partition.js'

/**
 * The handler as Lambda calls it. By schedule it publishes `failuresWaiting`, `openRecords`, `oldestOpenSeconds` and
 * `stalledPartitions` (namespace `millrace`, dimensions `service` and `function`); a request to its URL it answers with a {@link Health} as
 * JSON: 200, or 503 where the service has stalled or its tables do not answer.
 *
 * @throws MillraceError `ML_STORE_…`, `ML_TABLE_MISSING`, `ML_LEDGER_FORMAT`, `ML_DEPLOYMENT_…`; to a request it answers 503
 *
 * @example
 * ```ts
 * import { handler } from 'millrace/health'
 * import { testDeployment } from 'millrace/testing'
 *
 * const deployment = await testDeployment({ topic: 'orders' })
 * const answer = await handler({ requestContext: { http: { method: 'GET' } } })
 * console.log('statusCode' in answer && answer.statusCode) // 200
 * await deployment.stop()
 * ```
 */
export const handler = healthHandler()
