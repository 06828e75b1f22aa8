import { healthFunction, metricNamespace } from '../../lib/deployment/index.js'
import type { BatchDimensions, BatchMetric, FunctionDimensions, FunctionMetric } from '../../lib/function/index.js'
import type { HealthMetric } from '../../lib/health/index.js'
import type { Plan, PlannedFunction, PlannedMapping } from '../plan.js'
import type { ServiceFunction } from '../serverless.js'
import {
  type FunctionAwsMetric,
  type MappingAwsMetric,
  type MetricsKind,
  mappingMetrics,
  type TableAwsMetric,
} from './aws.js'

/** A text, or an intrinsic function of CloudFormation that becomes one. */
export type Value = string | object

/** One metric in CloudWatch. */
export interface Metric {
  readonly namespace: string
  readonly name: string
  readonly dimensions: Readonly<Record<string, Value>>
}

/** What Lambda says of a function. */
export const ofFunction = (name: FunctionAwsMetric, { deployed }: PlannedFunction): Metric => ({
  namespace: 'AWS/Lambda',
  name,
  dimensions: { FunctionName: deployed },
})

/** What Lambda says of a mapping. */
export const ofMapping = (name: MappingAwsMetric, { logicalId }: PlannedMapping): Metric => ({
  namespace: 'AWS/Lambda',
  name,
  dimensions: { EventSourceMappingUUID: { Ref: logicalId } },
})

/** What DynamoDB says of a table. */
export const ofTable = (name: TableAwsMetric, table: string): Metric => ({
  namespace: 'AWS/DynamoDB',
  name,
  dimensions: { TableName: table },
})

/** What the framework says of the batches of a mapping. */
export function ofBatches(name: BatchMetric, fn: PlannedFunction, { told: { topic, group } }: PlannedMapping): Metric {
  const dimensions: Record<keyof BatchDimensions, Value> = { ...named(fn), topic, group }
  return { namespace: metricNamespace, name, dimensions }
}

/** What the framework says of a function, whatever it was given. */
export const ofCode = (name: FunctionMetric, fn: PlannedFunction): Metric => ({
  namespace: metricNamespace,
  name,
  dimensions: named(fn),
})

/** What a service's health function says; undefined where it has none. */
export function ofHealth(
  name: HealthMetric,
  { service: { functions = {}, service } }: Pick<Plan, 'service'>,
): Metric | undefined {
  const declared = functions[healthFunction]
  if (declared === undefined) return undefined
  // The service alone may be deployed to several stages of one account.
  const dimensions = { service: signature(declared) ?? service, function: String(declared.name) }
  return { namespace: metricNamespace, name, dimensions }
}

const named = ({ deployed, declared }: PlannedFunction): Record<keyof FunctionDimensions, Value> => ({
  service: signature(declared) ?? deployed,
  function: deployed,
})

/** The service that a function signs its metrics with (events/environment.ts). */
function signature({ environment }: ServiceFunction): Value | undefined {
  const service = environment?.POWERTOOLS_SERVICE_NAME
  return typeof service === 'string' || (typeof service === 'object' && service !== null) ? service : undefined
}

/** Whether Lambda publishes a metric of this mapping, as it is compiled: in provisioned mode only, and what the mapping asks for. */
export function publishes(
  { resources }: Pick<Plan, 'resources'>,
  name: MappingAwsMetric,
  mapping: PlannedMapping,
): boolean {
  const { MetricsConfig, ProvisionedPollerConfig } = (resources[mapping.logicalId]?.Properties ?? {}) as {
    MetricsConfig?: { readonly Metrics?: readonly MetricsKind[] }
    ProvisionedPollerConfig?: object
  }
  const kind = mappingMetrics[name]
  if (ProvisionedPollerConfig === undefined) return false
  return kind === 'provisioned' || (MetricsConfig?.Metrics?.includes(kind) ?? false)
}

/** How far a mapping is behind. On demand it is told of a function alone, so that it is not known of one of several mappings. */
export function lagOf(plan: Pick<Plan, 'resources'>, fn: PlannedFunction, mapping: PlannedMapping): Metric | undefined {
  if (publishes(plan, 'MaxOffsetLag', mapping)) return ofMapping('MaxOffsetLag', mapping)
  return fn.mappings.length > 1 || publishes(plan, 'ProvisionedPollers', mapping)
    ? undefined
    : ofFunction('OffsetLag', fn)
}
