import type { KafkaEvent, WireRecord } from '../../../event/index.js'
import type { InvokeResult } from '../../worker/index.js'
import type { MappingConfig } from '../config.js'
import { jsonBytes, type Records, recordsOf } from '../event.js'

/** Records that a mapping gave up, with what is told of them. */
export interface Failure {
  readonly condition: string
  readonly approximateInvokeCount: number
  /** Of the last invocation, or of none. */
  readonly requestId: string
  /** What the last invocation came to; undefined where the function was never reached. */
  readonly result: InvokeResult | undefined
  /** Without the records that were settled. */
  readonly event: KafkaEvent
  /** Epoch milliseconds. */
  readonly at: number
}

/** What messages say that is no property of a failure. */
export interface MessageSettings {
  readonly config: MappingConfig
  /** The functionError where the function had answered: none, by default. */
  readonly reportedFunctionError: 'absent' | 'Unhandled'
}

/** The last moment that a `Date` can be, in epoch milliseconds. Kafka takes later timestamps, and earlier ones. */
const lastMs = 8_640_000_000_000_000

const iso = (ms: number): string => new Date(Math.max(-lastMs, Math.min(lastMs, ms))).toISOString()

/** The message to an SQS queue or SNS topic: metadata of the batch, no record (KAFKA-ESM §3). */
export function batchMessage(failure: Failure, settings: MessageSettings): object {
  const { event } = failure
  const count = recordsOf(event.records).length
  return {
    ...head(failure, settings, functionArn(settings.config)),
    KafkaBatchInfo: { ...batchInfo(event, count), recordsInfo: recordsInfo(event.records) },
  }
}

/** The object in an S3 bucket: the same, and the whole event as text. */
export const objectMessage = (failure: Failure, settings: MessageSettings): object => ({
  ...batchMessage(failure, settings),
  payload: JSON.stringify(failure.event),
})

/** The message to a Kafka topic, one per record: the record's event as an object. */
export function recordMessage(failure: Failure, record: WireRecord, key: string, settings: MessageSettings): object {
  const payload: KafkaEvent = { ...failure.event, records: { [key]: [record] } }
  return {
    ...head(failure, settings, `${functionArn(settings.config)}:$LATEST`),
    KafkaBatchInfo: {
      ...batchInfo(payload, 1),
      recordInfo: { offset: String(record.offset), timestamp: iso(record.timestamp) },
    },
    payload,
  }
}

function head(failure: Failure, { reportedFunctionError }: MessageSettings, functionArn: string): object {
  const { requestId, condition, approximateInvokeCount, result, at } = failure
  const failed = result !== undefined && (result.kind !== 'ok' || reportedFunctionError === 'Unhandled')
  return {
    requestContext: { requestId, functionArn, condition, approximateInvokeCount },
    responseContext: result
      ? { statusCode: 200, executedVersion: '$LATEST', ...(failed ? { functionError: 'Unhandled' } : {}) }
      : null,
    version: '1.0',
    timestamp: iso(at),
  }
}

const batchInfo = (event: KafkaEvent, batchSize: number): object => ({
  batchSize,
  ...(event.eventSourceArn === undefined ? {} : { eventSourceArn: event.eventSourceArn }),
  bootstrapServers: event.bootstrapServers,
  payloadSize: jsonBytes(event),
})

function recordsInfo(records: Records): object {
  return Object.fromEntries(
    Object.entries(records).flatMap(([key, list]) => {
      const [first, last] = [list[0], list.at(-1)]
      if (!first || !last) return []
      const info = {
        firstRecordOffset: String(first.offset),
        lastRecordOffset: String(last.offset),
        firstRecordTimestamp: iso(first.timestamp),
        lastRecordTimestamp: iso(last.timestamp),
      }
      return [[key, info]]
    }),
  )
}

function functionArn({ functionArn, functionName, eventSourceArn }: MappingConfig): string {
  const [, , , region = 'us-east-1', account = '123456789012'] = eventSourceArn?.split(':') ?? []
  return functionArn ?? `arn:aws:lambda:${region}:${account}:function:${functionName}`
}
