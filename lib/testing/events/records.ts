import type { KafkaEvent } from '../../event/index.js'
import { type LoadShape, loadRecords, partitioner } from '../load/index.js'
import { type EventSpec, kafkaEvent, type RecordSpec } from './event.js'

/**
 * An event of these values, a record each, on one partition.
 *
 * @example
 * ```ts
 * import { eventOf } from 'millrace/testing'
 *
 * const event = eventOf('orders', { orderId: 'o1' }, { orderId: 'o2' })
 * console.log(event.records['orders-0']?.length) // prints: 2
 * ```
 */
export function eventOf(topic: string, ...values: readonly unknown[]): KafkaEvent {
  return kafkaEvent({ topic, records: values.map((value) => ({ value })) })
}

/**
 * A record with a key and no value, as compacted topics have them for what was deleted.
 *
 * @example
 * ```ts
 * import { kafkaEvent, tombstone } from 'millrace/testing'
 *
 * const event = kafkaEvent({ topic: 'orders', records: [{ key: 'c1', value: 1 }, tombstone('c1')] })
 * console.log('value' in (event.records['orders-0']?.[1] ?? {})) // prints: false
 * ```
 */
export function tombstone(key: RecordSpec['key'], more: Omit<RecordSpec, 'key' | 'value'> = {}): RecordSpec {
  return { ...more, ...(key !== undefined && { key }), value: null }
}

/**
 * A record whose value is neither JSON nor UTF-8: poison for every codec but `bytes()`.
 *
 * @example
 * ```ts
 * import { kafkaEvent, poison } from 'millrace/testing'
 *
 * const event = kafkaEvent({ topic: 'orders', records: [poison(), { value: 1 }] })
 * console.log(event.records['orders-0']?.[0]?.value) // prints: e8Mo/w==
 * ```
 */
export function poison(more: Omit<RecordSpec, 'value'> = {}): RecordSpec {
  return { ...more, value: Buffer.from([0x7b, 0xc3, 0x28, 0xff]) }
}

/**
 * The same record once more, as a producer that repeats itself sends it: at the next offset of its partition.
 *
 * @example
 * ```ts
 * import { duplicateOf, kafkaEvent } from 'millrace/testing'
 *
 * const order = { key: 'c1', value: { orderId: 'o1' } }
 * const event = kafkaEvent({ topic: 'orders', records: [order, duplicateOf(order)] })
 * console.log(event.records['orders-0']?.map(({ offset }) => offset)) // prints: [ 0, 1 ]
 * ```
 */
export function duplicateOf({ offset: _, timestamp: __, ...record }: RecordSpec): RecordSpec {
  return record
}

/** What an event of many records is like. */
export interface LoadEventSpec extends LoadShape, Omit<EventSpec, 'records'> {
  readonly count: number
  /** How many partitions they spread over, as a producer would have it. Default 1. */
  readonly partitions?: number
}

/**
 * An event of many records, made by the load generator.
 *
 * @throws MillraceError `ML_OPTION_INVALID` for a load that cannot be
 * @example
 * ```ts
 * import { loadEvent } from 'millrace/testing'
 *
 * const event = loadEvent({ topic: 'orders', count: 500, partitions: 4, bad: 0.01, duplicates: 0.1 })
 * console.log(Object.values(event.records).flat().length) // prints: 500
 * ```
 */
export function loadEvent({ topic, count, partitions = 1, eventSourceArn, ...shape }: LoadEventSpec): KafkaEvent {
  const [load, place] = [loadRecords(shape), partitioner(partitions)]
  const records = Array.from({ length: count }, (_, n): RecordSpec => {
    const { key = null, value } = load.next().value
    return { key, value, partition: place(key, n) }
  })
  return kafkaEvent({ topic, records, ...(eventSourceArn !== undefined && { eventSourceArn }) })
}
