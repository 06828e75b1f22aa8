/**
 * The metrics that AWS documents and this project uses, by whom they are of. Namespace `AWS/Lambda` (functions, event source
 * mappings: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html) and `AWS/DynamoDB` (tables:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html).
 */

/** Of a function, by `FunctionName`. `OffsetLag` is that of all it reads. */
export const functionMetrics = [
  'Invocations',
  'Errors',
  'Throttles',
  'Duration',
  'ConcurrentExecutions',
  'OffsetLag',
] as const

/** What a mapping has to ask for, in its `MetricsConfig`, to have a metric. */
export type MetricsKind = 'EventCount' | 'ErrorCount' | 'KafkaMetrics'

/** Of a mapping in provisioned mode, by `EventSourceMappingUUID`: the kind it belongs to, or that it is always there. */
export const mappingMetrics = {
  MaxOffsetLag: 'KafkaMetrics',
  SumOffsetLag: 'KafkaMetrics',
  PolledEventCount: 'EventCount',
  FilteredOutEventCount: 'EventCount',
  InvokedEventCount: 'EventCount',
  FailedInvokeEventCount: 'EventCount',
  DroppedEventCount: 'EventCount',
  OnFailureDestinationDeliveredEventCount: 'EventCount',
  CommittedEventCount: 'EventCount',
  PollingErrorCount: 'ErrorCount',
  InvokeErrorCount: 'ErrorCount',
  OnFailureDestinationDeliveryErrorCount: 'ErrorCount',
  SchemaRegistryErrorCount: 'ErrorCount',
  CommitErrorCount: 'ErrorCount',
  ProvisionedPollers: 'provisioned',
  EventPollerUnit: 'provisioned',
  EventPollerThroughputInBytes: 'provisioned',
} as const satisfies Record<string, MetricsKind | 'provisioned'>

/** Of a table, by `TableName`. */
export const tableMetrics = [
  'ReadThrottleEvents',
  'WriteThrottleEvents',
  'ConsumedReadCapacityUnits',
  'ConsumedWriteCapacityUnits',
] as const

export type FunctionAwsMetric = (typeof functionMetrics)[number]
export type MappingAwsMetric = keyof typeof mappingMetrics
export type TableAwsMetric = (typeof tableMetrics)[number]
