import type { Mapping } from '../../lib/deployment/index.js'
import { sourceAccess } from './authentication.js'
import type { EventSettings, SchemaRegistrySettings } from './settings.js'

/** What of an `AWS::Lambda::EventSourceMapping` decides how a function has to behave. */
interface MappingProperties {
  readonly Topics?: readonly string[]
  readonly ProvisionedPollerConfig?: unknown
  readonly FunctionResponseTypes?: readonly string[]
  readonly FilterCriteria?: { readonly Filters?: readonly unknown[] }
  readonly MaximumRecordAgeInSeconds?: number
  readonly MaximumRetryAttempts?: number
  readonly DestinationConfig?: { readonly OnFailure?: { readonly Destination?: unknown } }
  readonly SelfManagedKafkaEventSourceConfig?: SourceConfig
  readonly AmazonManagedKafkaEventSourceConfig?: SourceConfig
}

interface SourceConfig {
  readonly ConsumerGroupId?: string
  readonly SchemaRegistryConfig?: unknown
  readonly ConsumptionMode?: unknown
}

const sourceConfig = {
  kafka: 'SelfManagedKafkaEventSourceConfig',
  msk: 'AmazonManagedKafkaEventSourceConfig',
} as const

/** The properties a mapping is to have beyond, or in place of, what osls writes for its event. */
export function propertiesOf(type: 'kafka' | 'msk', settings: EventSettings): MappingProperties {
  const isProvisioned = settings.provisionedPollerConfig !== undefined
  const responseTypes = settings.functionResponseTypes ?? (isProvisioned ? ['ReportBatchItemFailures'] : [])
  const access = sourceAccess(settings)
  return withoutUndefined({
    Topics: [settings.topic],
    SelfManagedEventSource: settings.bootstrapServers && {
      Endpoints: { KafkaBootstrapServers: settings.bootstrapServers },
    },
    SourceAccessConfigurations: access.length > 0 ? access : undefined,
    StartingPositionTimestamp: settings.startingPositionTimestamp,
    BatchSize: settings.batchSize,
    ProvisionedPollerConfig: pascalCased(settings.provisionedPollerConfig),
    FilterCriteria: settings.filterPatterns && {
      Filters: settings.filterPatterns.map((pattern) => ({ Pattern: JSON.stringify(pattern) })),
    },
    // osls drops a window of 0, which means "send what is there at once" and not Lambda's default of 500 ms.
    MaximumBatchingWindowInSeconds: settings.maximumBatchingWindow,
    FunctionResponseTypes: responseTypes.length > 0 ? responseTypes : undefined,
    MaximumRetryAttempts: settings.maximumRetryAttempts,
    MaximumRecordAgeInSeconds: settings.maximumRecordAgeInSeconds,
    // As osls writes it.
    DestinationConfig: settings.onFailureDestination && { OnFailure: { Destination: settings.onFailureDestination } },
    BisectBatchOnFunctionError: settings.bisectBatchOnFunctionError,
    // Dashboard and alarms read them.
    MetricsConfig: isProvisioned
      ? { Metrics: settings.metricsConfig?.metrics ?? ['ErrorCount', 'EventCount', 'KafkaMetrics'] }
      : undefined,
    LoggingConfig: pascalCased(settings.loggingConfig),
    KmsKeyArn: settings.kmsKeyArn,
    Tags: settings.tags && Object.entries(settings.tags).map(([Key, Value]) => ({ Key, Value })),
    [sourceConfig[type]]: withoutUndefined({
      ConsumerGroupId: settings.consumerGroupId,
      SchemaRegistryConfig: settings.schemaRegistryConfig && registry(settings.schemaRegistryConfig),
    }),
  })
}

/** What a function has to know of a mapping with these properties; the one place that derives it. */
export function mappingOf(type: 'kafka' | 'msk', properties: MappingProperties): Mapping {
  const source = properties[sourceConfig[type]]
  const retries = retriesOf(properties)
  const reports = properties.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false
  return {
    topic: properties.Topics?.[0] ?? '',
    group: source?.ConsumerGroupId ?? '',
    partialResponses: reports && properties.ProvisionedPollerConfig !== undefined,
    withholds:
      (properties.FilterCriteria?.Filters?.length ?? 0) > 0 ||
      (properties.MaximumRecordAgeInSeconds ?? -1) !== -1 ||
      source?.SchemaRegistryConfig !== undefined,
    ...(retries !== undefined && { retries }),
  }
}

/** Whether a mapping reads through a share group. */
export function isQueue({ SelfManagedKafkaEventSourceConfig: source }: MappingProperties): boolean {
  return source?.ConsumptionMode === 'Queue'
}

/** Without end, unless the mapping says otherwise; with an on-failure destination never without end (KAFKA-ESM §2: capped at 10). */
function retriesOf({ MaximumRetryAttempts = -1, DestinationConfig }: MappingProperties): number | undefined {
  if (MaximumRetryAttempts !== -1) return MaximumRetryAttempts
  return DestinationConfig?.OnFailure?.Destination === undefined ? undefined : 10
}

function registry(settings: SchemaRegistrySettings): object {
  return withoutUndefined({
    SchemaRegistryURI: settings.schemaRegistryURI,
    EventRecordFormat: settings.eventRecordFormat,
    AccessConfigs: settings.accessConfigs?.map(({ type, uri }) => ({ Type: type, URI: uri })),
    SchemaValidationConfigs: settings.schemaValidationConfigs.map(({ attribute }) => ({ Attribute: attribute })),
  })
}

function pascalCased(settings: object | undefined): object | undefined {
  if (settings === undefined) return undefined
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`${name.charAt(0).toUpperCase()}${name.slice(1)}`, value]),
  )
}

function withoutUndefined(properties: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined))
}
