import { MillraceError, show } from '../../errors.js'
import type { MappingConfig } from '../esm/index.js'
import { isObject } from './files.js'
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
  readonly DestinationConfig?: { readonly OnFailure?: { readonly Destination?: string } }
  readonly SourceAccessConfigurations?: readonly { readonly Type?: string }[]
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
  'SourceAccessConfigurations',
  'SelfManagedKafkaEventSourceConfig',
  'AmazonManagedKafkaEventSourceConfig',
]

/** What makes no difference locally. */
const ignored = ['FunctionName', 'SelfManagedEventSource', 'KmsKeyArn', 'LoggingConfig', 'MetricsConfig', 'Tags']

interface SourceConfig {
  readonly ConsumerGroupId?: string
  readonly ConsumptionMode?: 'Stream' | 'Queue'
  readonly SchemaRegistryConfig?: unknown
}

/** A function's timeout where Kafka invokes it, at most, in milliseconds (KAFKA-ESM §2). */
const longestMs = 14 * 60_000

/** All Kafka mappings of a template, with Lambda's defaults where it says nothing. */
export function mappingsOf(
  template: Template,
  functions: readonly FunctionConfig[],
  resolve: Resolve,
): readonly MappingConfig[] {
  return Object.entries(template.Resources).flatMap(([id, resource]) => {
    if (resource.Type !== 'AWS::Lambda::EventSourceMapping' || !resource.Properties?.Topics) return []
    checkNames(id, resource.Properties)
    const properties = resolveOnly(resolve, withoutCluster(resource.Properties), names) as Properties
    const { name, timeoutMs } = functionOf(id, resource, functions)
    if (timeoutMs > longestMs) {
      throw refused(id, `a function whose timeout is ${timeoutMs / 1000} s`, 'Lambda takes up to 840 s for Kafka')
    }
    const arn = resolve({ 'Fn::Sub': `arn:aws:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${name}` })
    return [mappingOf(id, name, String(arn), properties)]
  })
}

/**
 * Secrets, networks and clusters of another stack are not there locally, nor asked for: of what gives access its kind is left, and of an imported
 * cluster a name, which events carry.
 */
function withoutCluster(properties: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { SourceAccessConfigurations: access, EventSourceArn: cluster } = properties
  const imported = isObject(cluster) ? cluster['Fn::ImportValue'] : undefined
  const arn = { 'Fn::Sub': [`arn:aws:kafka:\${AWS::Region}:\${AWS::AccountId}:cluster/\${imported}`, { imported }] }
  return {
    ...properties,
    ...(Array.isArray(access) && { SourceAccessConfigurations: access.map(({ Type }) => ({ Type })) }),
    ...(imported !== undefined && { EventSourceArn: arn }),
  }
}

function mappingOf(id: string, functionName: string, functionArn: string, properties: Properties): MappingConfig {
  const { EventSourceArn: eventSourceArn, Topics: topics = [], ProvisionedPollerConfig: pollers } = properties
  const source = properties.AmazonManagedKafkaEventSourceConfig ?? properties.SelfManagedKafkaEventSourceConfig ?? {}
  const [topic, ...others] = topics
  if (topic === undefined || others.length > 0) {
    throw refused(id, `Topics ${show(topics)}`, 'Lambda takes exactly one: declare one event per topic')
  }
  const responses = properties.FunctionResponseTypes ?? []
  if (responses.some((type) => type !== 'ReportBatchItemFailures')) {
    throw refused(id, `FunctionResponseTypes ${show(responses)}`, 'Lambda knows ReportBatchItemFailures alone')
  }
  const window = properties.MaximumBatchingWindowInSeconds
  if (window !== undefined && !Number.isInteger(window)) {
    throw refused(
      id,
      `MaximumBatchingWindowInSeconds ${show(window)}`,
      'Lambda takes whole seconds, or none for 500 ms',
    )
  }
  return {
    id,
    functionName,
    functionArn,
    source: eventSourceArn === undefined ? 'self-managed' : 'msk',
    topic,
    // Lambda draws an id where none is given; one that stays is more use locally.
    group: source.ConsumerGroupId ?? id,
    batchSize: properties.BatchSize ?? 100,
    batchingWindowMs: (window ?? 0.5) * 1000,
    startingPosition: properties.StartingPosition ?? 'TRIM_HORIZON',
    partialResponses: responses.length > 0,
    // An empty one turns it off.
    provisioned: pollers?.MinimumPollers !== undefined || pollers?.MaximumPollers !== undefined,
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
      onFailureDestination: properties.DestinationConfig?.OnFailure?.Destination || undefined,
      sourceAccess: properties.SourceAccessConfigurations?.map(({ Type = '' }) => Type),
      schemaRegistry: source.SchemaRegistryConfig,
    }),
  }
}

/** Refuses what is for other sources, and what is no property at all: CloudFormation would. */
function checkNames(id: string, properties: Readonly<Record<string, unknown>>): void {
  const known: readonly string[] = [...names, ...ignored]
  const [strange] = Object.keys(properties).filter((name) => !known.includes(name))
  if (strange !== undefined) throw refused(id, strange, 'a Kafka mapping has no such property: take it out')
  const isMsk = properties.EventSourceArn !== undefined
  if (isMsk && properties.SelfManagedEventSource !== undefined) {
    throw refused(id, 'two sources', 'give either an EventSourceArn or a SelfManagedEventSource')
  }
  const other = isMsk ? 'SelfManagedKafkaEventSourceConfig' : 'AmazonManagedKafkaEventSourceConfig'
  if (properties[other] !== undefined) throw refused(id, other, 'it belongs to the other kind of source')
}

function refused(id: string, what: string, advice: string): MillraceError {
  return new MillraceError('ML_LOCAL_MAPPING_UNSUPPORTED', `the mapping ${id} has ${what}; ${advice}`)
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
  // Whole words: one function's name may be the beginning of another's.
  const words = new Set(reference.match(/[\w-]+/g))
  const found = functions.find((one) => words.has(one.id)) ?? functions.find(({ name }) => words.has(name))
  if (found) return found
  throw new MillraceError(
    'ML_LOCAL_TEMPLATE',
    `the mapping ${id} invokes ${reference}, which is no function of this service; run \`npx serverless package\` again, or take the mapping out`,
  )
}
