import { invalid, nonEmpty, optionsOf } from '../../check-option.js'
import { show } from '../../errors.js'
import type { KafkaEvent, WireRecord } from '../../event/index.js'

/** A record to build an event from; everything but what matters to a test may be left out. */
export interface RecordSpec {
  /** Text, bytes, or any value, which becomes JSON; null or left out: a tombstone. */
  readonly value?: unknown
  /** Text or bytes; null or left out: no key. */
  readonly key?: string | Buffer | null
  /** Default 0. */
  readonly partition?: number
  /** Default: one more than the record before it in its partition, from 0. */
  readonly offset?: number
  /** Epoch milliseconds. Default 1,700,000,000,000 plus the offset. */
  readonly timestamp?: number
  /** In order; the same key may come several times. */
  readonly headers?: readonly (readonly [key: string, value: string | Buffer | null])[]
}

/** What an event is built from. */
export interface EventSpec {
  readonly topic: string
  readonly records: readonly RecordSpec[]
  /** Amazon MSK's shape with this ARN; left out: the self-managed shape. */
  readonly eventSourceArn?: string
}

/**
 * A Lambda event exactly as a Kafka event source mapping makes it: bytes in base64, keys and values left out where Kafka has
 * none, header bytes signed.
 *
 * @throws MillraceError `ML_OPTION_INVALID`
 *
 * @example
 * ```ts
 * import { kafkaEvent } from 'millrace/testing'
 *
 * const event = kafkaEvent({ topic: 'orders', records: [{ key: 'c1', value: { orderId: 'o1' } }] })
 * console.log(event.records['orders-0']?.[0]?.offset) // 0
 * ```
 */
export function kafkaEvent(spec: EventSpec): KafkaEvent {
  const example = "kafkaEvent({ topic: 'orders', records: [{ value: 1 }] })"
  const { topic, records, eventSourceArn } = optionsOf(
    'kafkaEvent',
    spec,
    ['topic', 'records', 'eventSourceArn'],
    example,
  )
  nonEmpty('topic of kafkaEvent', topic, example)
  if (!Array.isArray(records))
    throw invalid('records of kafkaEvent', `is ${show(records)}, not a list; write ${example}`)
  const byPartition: Record<string, WireRecord[]> = {}
  for (const spec of records) {
    const { partition = 0 } = spec
    const identifier = `${topic}-${partition}`
    byPartition[identifier] ??= []
    const before = byPartition[identifier].at(-1)?.offset ?? -1
    byPartition[identifier].push(wireRecord(topic, partition, spec, before + 1))
  }
  const source =
    eventSourceArn === undefined
      ? { eventSource: 'SelfManagedKafka' as const }
      : { eventSource: 'aws:kafka' as const, eventSourceArn }
  return { ...source, bootstrapServers: '127.0.0.1:9092', records: byPartition }
}

function wireRecord(topic: string, partition: number, spec: RecordSpec, next: number): WireRecord {
  const { offset = next, key = null, headers = [] } = spec
  const value = valueBytes(spec.value ?? null)
  return {
    topic,
    partition,
    offset,
    timestamp: spec.timestamp ?? 1_700_000_000_000 + offset,
    timestampType: 'CREATE_TIME',
    ...(key !== null && { key: Buffer.from(key).toString('base64') }),
    ...(value !== null && { value: value.toString('base64') }),
    headers: headers.map(([name, bytes]) => ({ [name]: bytes === null ? null : signed(Buffer.from(bytes)) })),
  }
}

function valueBytes(value: unknown): Buffer | null {
  if (value === null) return null
  if (Buffer.isBuffer(value)) return value
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
}

const signed = (bytes: Buffer): number[] => [...new Int8Array(bytes)]
