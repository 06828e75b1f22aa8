import { MillraceError, show } from '../../errors.js'
import type { MappingConfig } from '../esm/index.js'
import { type Resolve, resolveOnly } from './resolve.js'
import type { FunctionConfig, Resource, Template } from './types.js'

/** What is read of an `AWS::Lambda::EventSourceMapping`, once resolved. */
interface Properties {
  readonly EventSourceArn?: string
  readonly Topics?: readonly string[]
  readonly BatchSize?: number
  readonly MaximumBatchingWindowInSeconds?: number
  readonly StartingPosition?: MappingConfig['startingPosition']
  readonly StartingPositionTimestamp?: number
  readonly FunctionResponseTypes?: readonly string[]
  readonly ProvisionedPollerConfig?: { readonly MinimumPollers?: number; readonly MaximumPollers?: number }
  readonly MaximumRetryAttempts?: number
  readonly MaximumRecordAgeInSeconds?: number
  readonly BisectBatchOnFunctionError?: boolean
  readonly Enabled?: boolean
  readonly FilterCriteria?: { readonly Filters?: readonly unknown[] }
  readonly DestinationConfig?: { readonly OnFailure?: unknown }
  readonly SelfManagedKafkaEventSourceConfig?: SourceConfig
  readonly AmazonManagedKafkaEventSourceConfig?: SourceConfig
}

const names: readonly (keyof Properties)[] = [
  'EventSourceArn',
  'Topics',
  'BatchSize',
  'MaximumBatchingWindowInSeconds',
  'StartingPosition',
  'StartingPositionTimestamp',
  'FunctionResponseTypes',
  'ProvisionedPollerConfig',
  'MaximumRetryAttempts',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'Enabled',
  'FilterCriteria',
  'DestinationConfig',
  'SelfManagedKafkaEventSourceConfig',
  'AmazonManagedKafkaEventSourceConfig',
]

interface SourceConfig {
  readonly ConsumerGroupId?: string
  readonly ConsumptionMode?: 'Stream' | 'Queue'
  readonly SchemaRegistryConfig?: unknown
}

/** All Kafka mappings of a template, with Lambda's defaults where it says nothing. */
export function mappingsOf(
  template: Template,
  functions: readonly FunctionConfig[],
  resolve: Resolve,
): readonly MappingConfig[] {
  return Object.entries(template.Resources).flatMap(([id, resource]) => {
    if (resource.Type !== 'AWS::Lambda::EventSourceMapping' || !resource.Properties?.Topics) return []
    const properties = resolveOnly(resolve, resource.Properties, names) as Properties
    return [mappingOf(id, functionOf(id, resource, functions).name, properties)]
  })
}

function mappingOf(id: string, functionName: string, properties: Properties): MappingConfig {
  const { EventSourceArn: eventSourceArn, Topics: topics = [], ProvisionedPollerConfig: pollers } = properties
  const source = properties.AmazonManagedKafkaEventSourceConfig ?? properties.SelfManagedKafkaEventSourceConfig ?? {}
  const [topic, ...others] = topics
  if (topic === undefined || others.length > 0) {
    throw new MillraceError(
      'ML_LOCAL_MAPPING_UNSUPPORTED',
      `the mapping ${id} has Topics ${show(topics)}; Lambda takes exactly one: declare one event per topic`,
    )
  }
  return {
    id,
    functionName,
    source: eventSourceArn === undefined ? 'self-managed' : 'msk',
    topic,
    // Lambda draws an id where none is given; one that stays is more use locally.
    group: source.ConsumerGroupId ?? id,
    batchSize: properties.BatchSize ?? 100,
    batchingWindowMs: (properties.MaximumBatchingWindowInSeconds ?? 0.5) * 1000,
    startingPosition: properties.StartingPosition ?? 'TRIM_HORIZON',
    partialResponses: properties.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false,
    provisioned: pollers !== undefined,
    maximumRetryAttempts: properties.MaximumRetryAttempts ?? -1,
    maximumRecordAgeSeconds: properties.MaximumRecordAgeInSeconds ?? -1,
    bisect: properties.BisectBatchOnFunctionError ?? false,
    enabled: properties.Enabled ?? true,
    ...given({
      eventSourceArn,
      startingPositionTimestamp: properties.StartingPositionTimestamp,
      minimumPollers: pollers?.MinimumPollers,
      maximumPollers: pollers?.MaximumPollers,
      consumptionMode: source.ConsumptionMode,
      filterCriteria: properties.FilterCriteria?.Filters?.length ? properties.FilterCriteria : undefined,
      onFailureDestination: properties.DestinationConfig?.OnFailure,
      schemaRegistry: source.SchemaRegistryConfig,
    }),
  }
}

/** What has a value: an optional field is left out, not set to undefined. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

/** A mapping refers to its function, or to an alias or version of it, by the function's logical id. */
function functionOf(id: string, { Properties }: Resource, functions: readonly FunctionConfig[]): FunctionConfig {
  const reference = JSON.stringify(Properties?.FunctionName) ?? ''
  const found = functions.find((one) => reference.includes(JSON.stringify(one.id)) || reference.includes(one.name))
  if (found) return found
  throw new MillraceError(
    'ML_LOCAL_TEMPLATE',
    `the mapping ${id} invokes ${reference}, which is no function of this service; run \`npx serverless package\` again, or take the mapping out`,
  )
}
