import type { KafkaMessage } from 'kafkajs'
import type { KafkaEvent, WireRecord } from '../../event/index.js'
import type { MappingConfig } from './config.js'
import type { EsmSwitches } from './switches.js'

/** The largest event of an invocation, in bytes of its JSON; no setting changes it (KAFKA-ESM §2). */
export const payloadLimit = 6 * 1024 * 1024

/** A partition's key in `event.records`. */
export const identifierOf = (topic: string, partition: number): string => `${topic}-${partition}`

/** An event's records, by partition. */
export type Records = KafkaEvent['records']

/** What is equal in all events of one mapping. */
export type Envelope = Omit<KafkaEvent, 'records'>

export function envelopeOf(config: MappingConfig, brokers: readonly string[]): Envelope {
  const bootstrapServers = brokers.join(',')
  if (config.source === 'self-managed') return { eventSource: 'SelfManagedKafka', bootstrapServers }
  const { eventSourceArn } = config
  return { eventSource: 'aws:kafka', ...(eventSourceArn === undefined ? {} : { eventSourceArn }), bootstrapServers }
}

/**
 * One record as Lambda sends it: what Kafka has not is left out, not null (KAFKA-ESM §1). `nullHeader` is the switch of that
 * name.
 */
export function wireRecord(
  topic: string,
  partition: number,
  message: KafkaMessage,
  nullHeader: EsmSwitches['nullHeader'],
): WireRecord {
  const { offset, timestamp, key, value } = message
  return {
    topic,
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    timestampType: isLogAppendTime(message) ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    ...(key === null ? {} : { key: key.toString('base64') }),
    ...(value === null ? {} : { value: value.toString('base64') }),
    headers: wireHeaders(message.headers ?? {}, nullHeader === 'null' ? null : []),
  }
}

/** kafkajs keeps it where its types do not show it. */
function isLogAppendTime(message: KafkaMessage): boolean {
  return (message as { batchContext?: { timestampType?: number } }).batchContext?.timestampType === 1
}

/**
 * One single-entry object per header. kafkajs gathers headers by name: the order within a name is Kafka's, but of
 * headers `a, b, a` it leaves `a, a, b`.
 */
function wireHeaders(
  headers: NonNullable<KafkaMessage['headers']>,
  absent: null | [],
): NonNullable<WireRecord['headers']> {
  return Object.entries(headers).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values]).map((value) => ({
      [name]: value === undefined || value === null ? absent : signedBytes(value),
    })),
  )
}

/** Lambda sends Java's bytes: -128 to 127. */
const signedBytes = (value: Buffer | string): number[] =>
  Array.from(new Int8Array(typeof value === 'string' ? Buffer.from(value) : value))

/** The size of a value's JSON in bytes. */
export const jsonBytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

/**
 * The size of a record's JSON in bytes, as {@link jsonBytes} has it, without writing it: that would cost as much as sending it.
 */
export function recordBytes(record: WireRecord): number {
  const { topic, partition, offset, timestamp, timestampType, key, value, headers = [] } = record
  // A topic's name and base64 have nothing in them that JSON escapes.
  return (
    bareRecordBytes +
    topic.length +
    String(partition).length +
    String(offset).length +
    String(timestamp).length +
    timestampType.length +
    (key == null ? 0 : ',"key":""'.length + key.length) +
    (value == null ? 0 : ',"value":""'.length + value.length) +
    (headers.length === 0 ? '[]'.length : jsonBytes(headers))
  )
}

const bareRecordBytes = '{"topic":"","partition":,"offset":,"timestamp":,"timestampType":"","headers":}'.length

/** All records of an event, in its order. */
export const recordsOf = (records: Records): WireRecord[] => Object.values(records).flat()

/** The records that pass, without the partitions that have none left. */
export function selectRecords(records: Records, pass: (record: WireRecord, key: string) => boolean): Records {
  const lists = Object.entries(records).map(([key, list]) => [key, list.filter((record) => pass(record, key))] as const)
  return Object.fromEntries(lists.filter(([, list]) => list.length > 0))
}

/** Both halves of a batch in its order; one that has a single record is not split. */
export function halves(records: Records): readonly Records[] {
  const all = recordsOf(records)
  if (all.length < 2) return [records]
  const first = new Set(all.slice(0, Math.ceil(all.length / 2)))
  return [selectRecords(records, (record) => first.has(record)), selectRecords(records, (record) => !first.has(record))]
}
