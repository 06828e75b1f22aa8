/** One event source mapping, as its CloudFormation resource describes it. */
export interface MappingConfig {
  /** Logical id of the resource. */
  readonly id: string
  /** As deployed. */
  readonly functionName: string
  /** Shown to on-failure destinations. Default: one of the region and account of the source, made of the name. */
  readonly functionArn?: string
  readonly source: 'msk' | 'self-managed'
  /** Amazon MSK only. */
  readonly eventSourceArn?: string
  readonly topic: string
  /** Consumer group id. */
  readonly group: string
  /** 1 to 10,000; Lambda's default is 100. */
  readonly batchSize: number
  /** 0 to 300,000; Lambda's default is 500, all else it takes are whole seconds. */
  readonly batchingWindowMs: number
  /** Where partitions start that the group has no committed offset for. */
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP'
  /** Unix seconds, not in the future; with AT_TIMESTAMP. */
  readonly startingPositionTimestamp?: number
  /** `ReportBatchItemFailures`. In provisioned mode only, as are the next four. */
  readonly partialResponses: boolean
  readonly bisect: boolean
  /** Retries after the first attempt, 0 to 10,000; -1 without end, but 10 with an on-failure destination. */
  readonly maximumRetryAttempts: number
  /** 60 to 604,800; -1 without end. */
  readonly maximumRecordAgeSeconds: number
  readonly provisioned: boolean
  /** 1 to 200. This many pollers run, at most one per partition; Lambda's scaling up to the maximum is not emulated. Default 1. */
  readonly minimumPollers?: number
  /** 1 to 2,000, not below the minimum. */
  readonly maximumPollers?: number
  /** A disabled mapping reads nothing. */
  readonly enabled: boolean
  /** Of `{ Pattern }` each, over `value` alone. */
  readonly filterCriteria?: { readonly Filters?: readonly unknown[] }
  /** An ARN of SQS, SNS or S3, or `kafka://topic` (provisioned mode only). */
  readonly onFailureDestination?: string
  /** Types of SourceAccessConfigurations. Local brokers want no credentials: the log says once that they are ignored. */
  readonly sourceAccess?: readonly string[]
  /** Share groups are refused, and so is a schema registry: no emulation is better than a wrong one. */
  readonly consumptionMode?: 'Stream' | 'Queue'
  readonly schemaRegistry?: unknown
}
