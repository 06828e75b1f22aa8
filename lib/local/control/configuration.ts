import { createHash } from 'node:crypto'
import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda'
import type { MappingConfig, RunningMapping } from '../esm/index.js'

/** As it travels: times are unix seconds. */
export type Configuration = Omit<EventSourceMappingConfiguration, 'LastModified' | 'StartingPositionTimestamp'> & {
  readonly LastModified: number
  readonly StartingPositionTimestamp?: number
}

type Shown = Pick<RunningMapping, 'config' | 'life' | 'history'>

/** The UUID of a mapping: the same as long as it has the same name. */
export function uuidOf({ functionName, id }: Pick<MappingConfig, 'functionName' | 'id'>): string {
  const hex = createHash('sha256').update(`${functionName}/${id}`).digest('hex')
  // Version 8 of RFC 9562 is for whoever makes their own.
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}

/** What Lambda's API says of a mapping (KAFKA-ESM §6). */
export function configurationOf(mapping: Shown, brokers: readonly string[]): Configuration {
  const { config, life } = mapping
  const uuid = uuidOf(config)
  const functionArn = functionArnOf(config)
  return {
    UUID: uuid,
    EventSourceMappingArn: functionArn.replace(/:function:.*$/, `:event-source-mapping:${uuid}`),
    FunctionArn: functionArn,
    Topics: [config.topic],
    ...sourceOf(config, brokers),
    BatchSize: config.batchSize,
    // The half second of one that says nothing is none that Lambda could name.
    ...(Number.isInteger(config.batchingWindowMs / 1000) && {
      MaximumBatchingWindowInSeconds: config.batchingWindowMs / 1000,
    }),
    StartingPosition: config.startingPosition,
    ...(config.startingPositionTimestamp !== undefined && {
      StartingPositionTimestamp: config.startingPositionTimestamp,
    }),
    FunctionResponseTypes: config.partialResponses ? ['ReportBatchItemFailures'] : [],
    MaximumRetryAttempts: config.maximumRetryAttempts,
    MaximumRecordAgeInSeconds: config.maximumRecordAgeSeconds,
    BisectBatchOnFunctionError: config.bisect,
    State: life.state,
    StateTransitionReason: life.refusal?.message ?? 'USER_INITIATED',
    LastProcessingResult: lastResultOf(mapping),
    LastModified: life.since / 1000,
  }
}

/** With a name of the account that templates are resolved with, where the mapping has no ARN itself. */
export const functionArnOf = ({ functionArn, functionName }: MappingConfig): string =>
  functionArn ?? `arn:aws:lambda:us-east-1:123456789012:function:${functionName}`

function sourceOf({ source, eventSourceArn, group }: MappingConfig, brokers: readonly string[]) {
  const config = { ConsumerGroupId: group }
  if (source === 'msk')
    return { ...(eventSourceArn && { EventSourceArn: eventSourceArn }), AmazonManagedKafkaEventSourceConfig: config }
  return {
    SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [...brokers] } },
    SelfManagedKafkaEventSourceConfig: config,
  }
}

function lastResultOf({ history }: Shown): string {
  const last = history.at(-1)
  if (last === undefined) return 'No records processed'
  return last.kind === 'ok' && last.decision !== 'failed' ? 'OK' : 'PROBLEM: Function call failed'
}
