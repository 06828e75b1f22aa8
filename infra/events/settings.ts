import type { AccessSettings } from './authentication.js'

/** A value of a template: a text, or a CloudFormation function (`Ref`, `Fn::GetAtt`, …) that gives one at deployment. */
export type Value = string | Intrinsic

/** A CloudFormation function, for example `{ Ref: 'Secret' }`. */
export type Intrinsic = Readonly<Record<string, unknown>>

/** What one `kafka` or `msk` event says in serverless.yml, after validation. Names are camel-cased CloudFormation names, units Lambda's. */
export interface EventSettings {
  readonly topic: string
  /** How many partitions the topic has, where known: not for CloudFormation, but for checks and dashboard. */
  readonly partitions?: number
  readonly consumerGroupId?: string
  /** Of a `kafka` event: host:port each. */
  readonly bootstrapServers?: readonly string[]
  /** Of an `msk` event: the cluster, or the VPC connection to it. */
  readonly arn?: Value
  readonly accessConfigurations?: AccessSettings
  /** Of an `msk` event, osls' short form of `accessConfigurations: { saslScram512Auth }`. */
  readonly saslScram512?: Value
  readonly enabled?: boolean
  readonly batchSize?: number
  /** Seconds; none: Lambda's 500 ms. */
  readonly maximumBatchingWindow?: number
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP'
  /** Unix seconds. */
  readonly startingPositionTimestamp?: number
  readonly provisionedPollerConfig?: PollerSettings
  readonly filterPatterns?: readonly object[]
  readonly functionResponseTypes?: readonly 'ReportBatchItemFailures'[]
  readonly maximumRetryAttempts?: number
  readonly maximumRecordAgeInSeconds?: number
  readonly onFailureDestination?: Value
  readonly bisectBatchOnFunctionError?: boolean
  readonly schemaRegistryConfig?: SchemaRegistrySettings
  readonly metricsConfig?: { readonly metrics: readonly MetricKind[] }
  readonly loggingConfig?: { readonly systemLogLevel: 'DEBUG' | 'INFO' | 'WARN' }
  /** Encrypts the filters. */
  readonly kmsKeyArn?: Value
  readonly tags?: Readonly<Record<string, string>>
  readonly consumptionMode?: 'Stream' | 'Queue'
}

/** The kinds of metrics that Lambda publishes for a Kafka mapping that asks for them (KAFKA-ESM §5). */
export type MetricKind = 'ErrorCount' | 'EventCount' | 'KafkaMetrics'

export interface PollerSettings {
  readonly minimumPollers?: number
  readonly maximumPollers?: number
  readonly pollerGroupName?: string
}

export interface SchemaRegistrySettings {
  /** The ARN of a Glue registry, or the https URL of a Confluent one. */
  readonly schemaRegistryURI: Value
  readonly eventRecordFormat: 'JSON' | 'SOURCE'
  readonly accessConfigs?: readonly { readonly type: string; readonly uri: Value }[]
  readonly schemaValidationConfigs: readonly { readonly attribute: 'KEY' | 'VALUE' }[]
}
