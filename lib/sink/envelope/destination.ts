import { show } from '../../errors.js'
import { isKafkaEvent, readBatch } from '../../event/index.js'
import type { Stage } from '../sink.js'
import { type Envelope, exactBytes, type Provenance } from './envelope.js'
import { type Fields, invalid, isObject, parsed } from './json.js'

/** The words of Lambda for why it gave records up, and ours. Others are kept as they are. */
const rules: Readonly<Record<string, readonly [rule: string, stage: Stage]>> = {
  RetryAttemptsExhausted: ['exhausted', 'process'],
  RetriesExhausted: ['exhausted', 'process'],
  RecordAgeExceeded: ['too old', 'process'],
  EventAgeExceeded: ['too old', 'process'],
  MaximumPayloadSizeExceeded: ['too large', 'process'],
  SCHEMA_NOT_FOUND: ['undecodable', 'decode'],
  DESERIALIZATION_ERROR: ['undecodable', 'decode'],
}

/**
 * Envelopes of what Lambda's own on-failure destination of a mapping got: the body of an SQS message, the message of an SNS topic
 * (also as SQS is sent it), the object in an S3 bucket, or the value of a record of a Kafka topic; as text, as bytes, or parsed.
 *
 * S3 and Kafka have the records: an envelope each, with their exact bytes. SQS and SNS are told of offsets alone: an envelope for
 * each partition, without bytes, with the `range` of the offsets, of which some may have been handled well; Kafka has the records
 * themselves. Lambda tells neither the consumer group, which `group` does, nor what the error was.
 *
 * @throws MillraceError `ML_ENVELOPE_INVALID` for what is no such message, `ML_EVENT_…` where its event is none
 *
 * @example
 * ```ts
 * import { fromDestination } from 'millrace'
 *
 * export const handler = (event: { Records: { body: string }[] }) => {
 *   for (const { body } of event.Records) {
 *     for (const { id, rule, range } of fromDestination(body, { group: 'orders' })) console.log(id, rule, range)
 *   }
 * }
 * ```
 */
export function fromDestination(body: unknown, options: { readonly group?: string } = {}): Envelope[] {
  const message = unwrapped(parsed(body))
  const about = provenance(message, options.group ?? '')
  const { KafkaBatchInfo: info, payload } = message
  if (!isObject(info)) throw invalid(`${noMessage} (no KafkaBatchInfo)`)
  if (payload === undefined) return ranges(info, about)
  const event = typeof payload === 'string' ? parsed(payload) : payload
  if (!isKafkaEvent(event)) throw invalid(`its payload is no event of a Kafka mapping: ${show(event)}`)
  return readBatch(event).partitions.flatMap(({ records }) =>
    records.map((record): Envelope => {
      const { topic, partition, offset, timestamp, timestampType } = record
      const place = { id: `${topic}:${partition}:${offset}`, topic, partition, offset, timestamp, timestampType }
      return { ...about, ...place, ...exactBytes(record) }
    }),
  )
}

const noMessage = "it is none of Lambda's messages to an on-failure destination of a Kafka mapping"

/** SNS, where it is subscribed without raw delivery, puts the message into one of its own. */
function unwrapped(body: Fields): Fields {
  return body.Type === 'Notification' && typeof body.Message === 'string' ? parsed(body.Message) : body
}

type About = Omit<Provenance, 'id' | 'topic' | 'partition' | 'offset' | 'timestamp'>

function provenance({ requestContext, responseContext, timestamp }: Fields, group: string): About {
  if (!isObject(requestContext)) throw invalid(`${noMessage} (no requestContext)`)
  const { functionArn, condition, approximateInvokeCount } = requestContext
  const [name = '', qualifier] = String(functionArn).split(':').slice(6)
  const { executedVersion, functionError } = isObject(responseContext) ? responseContext : {}
  const at = timeOf(timestamp)
  const [rule, stage] = rules[String(condition)] ?? [String(condition), 'process' as const]
  const answer = functionError === undefined ? '' : `; its last answer was an error (${String(functionError)})`
  return {
    format: 1,
    ...{ group, function: name },
    version: typeof executedVersion === 'string' ? executedVersion : (qualifier ?? '$LATEST'),
    attempts: typeof approximateInvokeCount === 'number' ? approximateInvokeCount : 0,
    ...{ firstSeen: at, lastSeen: at, stage, rule },
    reason: `Lambda gave it up: ${String(condition)}${answer}`,
  }
}

function ranges({ recordsInfo }: Fields, about: About): Envelope[] {
  if (!isObject(recordsInfo)) throw invalid(`${noMessage} (neither a payload nor recordsInfo)`)
  return Object.entries(recordsInfo).map(([key, info]) => {
    // Topics may contain dashes.
    const [, topic, partition] = /^(.+)-(\d+)$/.exec(key) ?? []
    if (topic === undefined || !isObject(info))
      throw invalid(`${show(key)} in its recordsInfo is no <topic>-<partition>`)
    const [from, to] = [offsetOf(info.firstRecordOffset), offsetOf(info.lastRecordOffset)]
    return {
      ...about,
      id: `${topic}:${partition}:${from === to ? from : `${from}-${to}`}`,
      ...{ topic, partition: Number(partition), offset: from, range: { from, to } },
      timestamp: timeOf(info.firstRecordTimestamp),
    }
  })
}

function offsetOf(text: unknown): number {
  const offset = Number(text)
  if (typeof text === 'string' && /^\d+$/.test(text) && Number.isSafeInteger(offset)) return offset
  throw invalid(`an offset in its recordsInfo is ${show(text)}, not digits`)
}

function timeOf(text: unknown): number {
  const time = Date.parse(String(text))
  if (!Number.isNaN(time)) return time
  throw invalid(`a time in it is ${show(text)}, none of ISO 8601`)
}
