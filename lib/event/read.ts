import { kindOf, MillraceError, show } from '../errors.js'
import { RawRecord } from './record.js'
import type { KafkaEvent, WireRecord } from './wire.js'

/** The records of one source partition in one event, offsets strictly rising (K-02). */
export interface PartitionBatch {
  /** The partition's key in `event.records`, copied, never rebuilt: topic names may contain dashes. */
  readonly identifier: string
  readonly topic: string
  readonly partition: number
  /** Never empty. */
  readonly records: readonly RawRecord[]
}

/** One event, read. No partitions at all for an empty event. */
export interface Batch {
  readonly topic: string | undefined
  readonly partitions: readonly PartitionBatch[]
  /** The brokers, `host:port` separated by commas, where the event names them. */
  readonly bootstrapServers?: string
}

/** Whether this is meant as an event of a Kafka event source mapping; says nothing of its validity. */
export function isKafkaEvent(event: unknown): event is KafkaEvent {
  return isObject(event) && isObject(event.records) && !Array.isArray(event.records)
}

/** Without its values: what came instead may hold payloads, and Lambda logs what is thrown. */
function described(event: unknown): string {
  const names = typeof event === 'object' && event !== null ? Object.keys(event).slice(0, 10) : []
  return names.length === 0 ? kindOf(event) : `${kindOf(event)} with ${names.join(', ')}`
}

/**
 * Reads an Amazon MSK or self-managed event. Nothing is decoded here; ids are checked, for on them hangs what is settled.
 *
 * @throws MillraceError `ML_EVENT_NOT_KAFKA`, `ML_EVENT_INVALID`, `ML_EVENT_OFFSET_UNSAFE`, `ML_EVENT_DUPLICATE_RECORD`,
 *   `ML_EVENT_MIXED_TOPICS`
 */
export function readBatch(event: unknown): Batch {
  if (!isKafkaEvent(event)) {
    throw new MillraceError(
      'ML_EVENT_NOT_KAFKA',
      `this is no event of a Kafka event source mapping (no "records" by partition), but ${described(event)}; ` +
        'invoke the function through its kafka or msk event, or with an event made by kafkaEvent() of millrace/testing',
    )
  }
  const partitions = Object.entries(event.records)
    .map(([identifier, records]) => readPartition(identifier, records))
    .filter((partition) => partition !== undefined)
  const { bootstrapServers } = event
  return { topic: oneTopic(partitions), partitions, ...(typeof bootstrapServers === 'string' && { bootstrapServers }) }
}

function oneTopic(partitions: readonly PartitionBatch[]): string | undefined {
  const topics = new Set(partitions.map(({ topic }) => topic))
  if (topics.size > 1) {
    throw new MillraceError(
      'ML_EVENT_MIXED_TOPICS',
      `one event with records of several topics (${[...topics].join(', ')}); Lambda's mappings have one topic each`,
    )
  }
  const named = new Set(partitions.map(({ partition }) => partition))
  if (named.size < partitions.length) {
    throw invalid('one partition comes under two keys', [...partitions].map(({ identifier }) => identifier).join(', '))
  }
  return topics.values().next().value
}

function readPartition(identifier: string, wire: unknown): PartitionBatch | undefined {
  if (!Array.isArray(wire)) throw invalid('not a list of records', identifier)
  const records = wire.map((record) => readRecord(identifier, record))
  const [first] = records
  if (first === undefined) return undefined
  const { topic, partition } = first
  if (records.some((record) => record.topic !== topic || record.partition !== partition)) {
    throw invalid('records of several partitions under one key', identifier)
  }
  return { identifier, topic, partition, records: rising(records) }
}

/** Lambda delivers offsets in order; a hand-made event that does not is put in order, and a repeated id is refused (K-01). */
function rising(records: RawRecord[]): readonly RawRecord[] {
  if (records.some((record, i) => i > 0 && record.offset <= (records[i - 1]?.offset ?? -1))) {
    records.sort((a, b) => a.offset - b.offset)
  }
  const repeated = records.find((record, i) => i > 0 && record.offset === records[i - 1]?.offset)
  if (repeated !== undefined) {
    throw new MillraceError(
      'ML_EVENT_DUPLICATE_RECORD',
      `the event names the record ${repeated.topic}:${repeated.partition}:${repeated.offset} twice; an id is unique within an event`,
    )
  }
  return records
}

function readRecord(identifier: string, wire: unknown): RawRecord {
  if (!isObject(wire)) throw invalid('a record that is no object', identifier)
  const { topic, partition, offset, timestamp, key, value, headers } = wire as unknown as WireRecord
  if (typeof topic !== 'string' || !isIndex(partition))
    throw invalid('a record without topic and partition', identifier)
  if (!isIndex(offset)) {
    if (typeof offset === 'number' && offset > Number.MAX_SAFE_INTEGER) {
      throw new MillraceError(
        'ML_EVENT_OFFSET_UNSAFE',
        `the offset ${offset} of ${topic}:${partition} is beyond 2^53 - 1, where a JSON number is no longer exact; ` +
          'settling it could settle a neighbour, so the batch is refused: move the consumers to a new topic',
      )
    }
    throw invalid(`a record whose offset is ${show(offset)}`, identifier)
  }
  if (typeof timestamp !== 'number') throw invalid('a record without timestamp', identifier)
  if (!isText(key) || !isText(value)) throw invalid('a key or value that is not base64 text', identifier)
  if (headers !== undefined && !(Array.isArray(headers) && headers.every(isHeader)))
    throw invalid('headers that are no list of names with their bytes', identifier)
  return new RawRecord(wire as unknown as WireRecord)
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isHeader = (value: unknown): boolean =>
  isObject(value) &&
  Object.values(value).every((bytes) => bytes === null || (Array.isArray(bytes) && bytes.every(isByte)))
const isByte = (value: unknown): boolean => typeof value === 'number'
const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isText = (value: unknown): boolean => value === undefined || value === null || typeof value === 'string'

function invalid(what: string, identifier: string): MillraceError {
  return new MillraceError(
    'ML_EVENT_INVALID',
    `${what}, at records[${show(identifier)}]; compare the event with the one in the Lambda Developer Guide, "Using Lambda with self-managed Apache Kafka"`,
  )
}
