import type { Header, RawRecord } from '../event/index.js'
import { firstOriginalOf } from '../redrive/index.js'

/**
 * One Kafka record as a handler sees it: decoded, with its provenance and its exact bytes.
 *
 * @example
 * ```ts
 * import { kafkaFunction, text } from 'millrace'
 *
 * export const handler = kafkaFunction({ value: text() }, (record, ctx) => {
 *   const trace = record.headers.find(({ key }) => key === 'traceparent')?.value?.toString()
 *   ctx.logger.info('received', { id: record.id, trace })
 * })
 * ```
 */
export interface KafkaRecord<V = unknown, K = string | null> {
  /** `topic:partition:offset`, unique and the same in each delivery: a key for effects that can repeat (K-01, P-17). */
  readonly id: string
  /**
   * The id of the record that was given up on, where this one is its redrive, or the redrive of a redrive; else undefined.
   * `original ?? id` is the key of an effect that is to be made once, redrives included.
   */
  readonly original: string | undefined
  readonly topic: string
  readonly partition: number
  /** Exact: offsets beyond 2^53 - 1 are refused. */
  readonly offset: number
  /** Epoch milliseconds. */
  readonly timestamp: number
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  /** As the key's codec reads it; null for a record without key, by default. */
  readonly key: K
  /** As the value's codec reads it. */
  readonly value: V
  /** In Kafka's order; the same key may come several times. */
  readonly headers: readonly Header[]
  /** The exact bytes; null where Kafka has none: no key, a tombstone. Empty bytes are an empty buffer. */
  readonly raw: { readonly key: Buffer | null; readonly value: Buffer | null }
}

/** A raw record with its decoded key and value. */
export class DecodedRecord<V, K> implements KafkaRecord<V, K> {
  readonly raw: RawRecord
  readonly key: K
  readonly value: V

  constructor(raw: RawRecord, key: K, value: V) {
    this.raw = raw
    this.key = key
    this.value = value
  }

  get id(): string {
    return idOf(this)
  }
  get original(): string | undefined {
    const original = firstOriginalOf(this.raw)
    return original && idOf(original)
  }
  get topic(): string {
    return this.raw.topic
  }
  get partition(): number {
    return this.raw.partition
  }
  get offset(): number {
    return this.raw.offset
  }
  get timestamp(): number {
    return this.raw.timestamp
  }
  get timestampType(): 'CREATE_TIME' | 'LOG_APPEND_TIME' {
    return this.raw.timestampType
  }
  get headers(): readonly Header[] {
    return this.raw.headers
  }
}

const idOf = ({ topic, partition, offset }: Pick<RawRecord, 'topic' | 'partition' | 'offset'>): string =>
  `${topic}:${partition}:${offset}`
