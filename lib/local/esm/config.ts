import { MillraceError, show } from '../../errors.js'

/** One event source mapping, as its CloudFormation resource describes it. */
export interface MappingConfig {
  /** Logical id of the resource. */
  readonly id: string
  readonly functionName: string
  readonly source: 'msk' | 'self-managed'
  /** Amazon MSK only. */
  readonly eventSourceArn?: string
  readonly topic: string
  /** Consumer group id. */
  readonly group: string
  /** 1 to 10,000; Lambda's default is 100. */
  readonly batchSize: number
  /** 0 to 300,000; Lambda's default is 500. */
  readonly batchingWindowMs: number
  /** Where partitions start that the group has no committed offset for. */
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP'
  /** Unix seconds; with AT_TIMESTAMP. */
  readonly startingPositionTimestamp?: number
  /** `ReportBatchItemFailures`. Lambda wants provisioned mode for it; without, it is off here, and the log says so. */
  readonly partialResponses: boolean
  readonly provisioned: boolean
  /** This many pollers run, at most one per partition; Lambda's scaling up to the maximum is not emulated. Default 1. */
  readonly minimumPollers?: number
  readonly maximumPollers?: number
  /** Retries after the first attempt, 0 to 10,000; -1 without end. */
  readonly maximumRetryAttempts: number
  /** 60 to 604,800; -1 without end. */
  readonly maximumRecordAgeSeconds: number
  readonly bisect: boolean
  /** A disabled mapping reads nothing. */
  readonly enabled: boolean
  /** What follows is known and refused: no emulation is better than a wrong one. */
  readonly consumptionMode?: 'Stream' | 'Queue'
  readonly filterCriteria?: unknown
  readonly onFailureDestination?: unknown
  readonly schemaRegistry?: unknown
}

/**
 * Refuses what Lambda would refuse and what this emulator cannot do.
 *
 * @throws MillraceError `ML_LOCAL_MAPPING_UNSUPPORTED`
 */
export function checkConfig(config: MappingConfig): void {
  const refuse = (property: string, value: unknown, advice: string): never => {
    throw new MillraceError(
      'ML_LOCAL_MAPPING_UNSUPPORTED',
      `the mapping ${config.id} has ${property} ${show(value)}; ${advice}`,
    )
  }
  const range = (property: keyof MappingConfig, min: number, max: number, orElse?: number): void => {
    const value = config[property]
    if (value === undefined || (value === orElse && orElse !== undefined)) return
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
      const also = orElse === undefined ? '' : `, or ${orElse} for no limit`
      refuse(property, value, `Lambda takes whole numbers from ${min} to ${max}${also}`)
    }
  }
  const notYet = 'the local emulator does not know it yet: take it out of the mapping for local runs'
  if (config.consumptionMode === 'Queue') refuse('ConsumptionMode', 'Queue', notYet)
  if (config.bisect) refuse('BisectBatchOnFunctionError', true, notYet)
  if (config.filterCriteria !== undefined) refuse('FilterCriteria', config.filterCriteria, notYet)
  if (config.onFailureDestination !== undefined) refuse('OnFailure', config.onFailureDestination, notYet)
  if (config.schemaRegistry !== undefined) refuse('SchemaRegistryConfig', config.schemaRegistry, notYet)
  if (config.startingPosition === 'AT_TIMESTAMP' && config.startingPositionTimestamp === undefined) {
    refuse('StartingPosition', 'AT_TIMESTAMP', 'give a StartingPositionTimestamp in unix seconds with it')
  }
  range('batchSize', 1, 10_000)
  range('batchingWindowMs', 0, 300_000)
  range('minimumPollers', 1, 200)
  range('maximumPollers', 1, 2000)
  range('maximumRetryAttempts', 0, 10_000, -1)
  range('maximumRecordAgeSeconds', 60, 604_800, -1)
}
