import { kindOf, MillraceError, show } from '../errors.js'
import { type KafkaConnection, readConnection } from './options.js'
import { watched } from './pending.js'
import type { Delivery, Outgoing, RecordMetadata } from './record.js'
import { Sender } from './sender.js'

/** A record to produce. */
export interface ProducerRecord {
  /** Default: that of the producer. */
  readonly topic?: string
  /** Text is written as UTF-8; null or left out: no key. */
  readonly key?: string | Uint8Array | null
  /** Bytes are written as they are, text as UTF-8, anything else as JSON; null is a tombstone. */
  readonly value: unknown
  /** In their order; the same name may come several times. */
  readonly headers?: readonly (readonly [name: string, value: string | Uint8Array | null])[]
  /** Default: as the partitioner says. */
  readonly partition?: number
  /** Epoch milliseconds. Default: when it is sent. */
  readonly timestamp?: number
}

/** Where a producer writes, and how. */
export interface KafkaProducerOptions extends KafkaConnection {
  /** Where records go that name no topic. */
  readonly topic?: string
  /**
   * Chooses the partition, from 0 to below `partitions`, of a record that names none. Default: as Kafka's clients for Java do by
   * the key (murmur2), in turns where there is no key.
   */
  readonly partitioner?: (record: ProducerRecord, partitions: number) => number
}

/** Produces to any topic of a cluster. */
export interface KafkaProducer {
  /**
   * Resolves once every replica has the record, with where it lies; for several records once all of them are settled, in their
   * order. Records produced in the same turn, or while others are on their way, go out together. Keys and values are made bytes
   * before it returns.
   *
   * Await it: a handler that returns before it has an answer fails its record (`ML_HANDLER_PENDING`).
   *
   * @throws MillraceError `ML_PRODUCE_FAILED`, `ML_PARTITION_INVALID`, `ML_KAFKA_BROKERS_MISSING`, `ML_PRODUCE_UNFINISHED` when it is
   * closed before; of several records some may have been written, which the message counts
   */
  produce(record: ProducerRecord): Promise<RecordMetadata>
  produce(records: readonly ProducerRecord[]): Promise<RecordMetadata[]>
  /**
   * Resolves when every record has been acknowledged or given up.
   *
   * @throws MillraceError `ML_PRODUCE_UNFINISHED` where records are pending after `timeoutMs` (default 30,000)
   */
  flush(options?: { readonly timeoutMs?: number }): Promise<void>
  /**
   * Flushes, and lets go of the connections; what is pending after `timeoutMs` (default 30,000) is given up. It may be used again.
   *
   * @throws MillraceError `ML_PRODUCE_UNFINISHED` where something was given up
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>
}

/**
 * A producer for handlers. Make one outside of the handler: it connects when it is first used, and keeps its connections
 * for as long as the execution environment lives.
 *
 * @throws MillraceError `ML_OPTION_INVALID`
 *
 * @example
 * ```ts
 * import { kafkaFunction } from 'millrace'
 * import { kafkaProducer } from 'millrace/kafka'
 *
 * const producer = kafkaProducer({ brokers: '127.0.0.1:9092' })
 *
 * export const handler = kafkaFunction({}, async ({ key, value }, ctx) => {
 *   const { partition, offset } = await producer.produce({ topic: 'audit', key, value })
 *   ctx.logger.info('audited', { partition, offset })
 * })
 * ```
 */
export function kafkaProducer(options: KafkaProducerOptions = {}): KafkaProducer {
  const settings = readConnection('kafkaProducer', options, ['topic', 'partitioner'])
  const sender = new Sender(settings)
  function produce(record: ProducerRecord): Promise<RecordMetadata>
  function produce(records: readonly ProducerRecord[]): Promise<RecordMetadata[]>
  async function produce(
    given: ProducerRecord | readonly ProducerRecord[],
  ): Promise<RecordMetadata | RecordMetadata[]> {
    settings.brokers()
    const isMany = Array.isArray(given)
    const records = [given].flat().map((record) => outgoing(record, options))
    const produced = await watched(() => deliver(sender, records))
    const [first] = produced
    return isMany || first === undefined ? produced : first
  }
  const flush = async (timeoutMs: number) => {
    await sender.drain(timeoutMs)
    if (sender.pending > 0) throw unfinished(sender.pending, timeoutMs)
  }
  return {
    produce,
    flush: ({ timeoutMs = flushMs } = {}) => flush(timeoutMs),
    async close({ timeoutMs = flushMs } = {}) {
      try {
        await flush(timeoutMs)
      } finally {
        await sender.close(unfinished(sender.pending, timeoutMs))
      }
    },
  }
}

const flushMs = 30_000

function outgoing(record: ProducerRecord, { topic: own, partitioner }: KafkaProducerOptions): Outgoing {
  const { topic = own, key = null, value, headers = [], partition, timestamp } = record
  if (typeof topic !== 'string' || topic === '') {
    throw new MillraceError(
      'ML_OPTION_INVALID',
      `a record is for the topic ${show(topic)}; name one, or give the producer one`,
    )
  }
  if (timestamp !== undefined && !(Number.isSafeInteger(timestamp) && timestamp >= 0))
    throw notProduced(`a timestamp to produce is ${show(timestamp)}; give whole epoch milliseconds`)
  const written = {
    topic,
    hasOwnTopic: record.topic !== undefined,
    key: bytesOf(key),
    value: bytesOf(value),
    headers: headers.map(([key, bytes]) => {
      if (typeof key !== 'string') throw notProduced(`a header to produce has the name ${show(key)}; give a text`)
      return { key, value: bytesOf(bytes) }
    }),
  }
  // Spread only where there is something to: thousands of them are made in a turn.
  if (partition === undefined && timestamp === undefined && partitioner === undefined) return written
  return {
    ...written,
    ...(partition !== undefined && { partition }),
    ...(partitioner && { choose: (partitions: number) => partitioner(record, partitions) }),
    ...(timestamp !== undefined && { timestamp }),
  }
}

function bytesOf(value: unknown): Buffer | null {
  if (value === null) return null
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  try {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return Buffer.from(text)
  } catch (cause) {
    // Functions and the like have none, others refuse it (a BigInt, what refers to itself).
    throw notProduced(`a value to produce is ${kindOf(value)}, which is no JSON; null is a tombstone`, cause)
  }
}

const notProduced = (what: string, cause?: unknown) => new MillraceError('ML_OPTION_INVALID', what, { cause })

/** Rejects unless all are written. */
function deliver(sender: Sender, records: readonly Outgoing[]): Promise<RecordMetadata[]> {
  return new Promise((resolve, reject) => {
    if (records.length === 0) return resolve([])
    const metadata: RecordMetadata[] = []
    const errors: MillraceError[] = []
    let left = records.length
    const told = (n: number, delivery: Delivery) => {
      if (delivery.ok) metadata[n] = delivery.metadata
      else errors.push(delivery.error)
      if (--left > 0) return
      const [error] = errors
      if (error === undefined) resolve(metadata)
      else reject(records.length === 1 ? error : someFailed(error, errors.length, records.length))
    }
    sender.send(records.map((record, n) => sender.item(record, (delivery) => told(n, delivery))))
  })
}

const someFailed = (cause: MillraceError, failed: number, records: number) =>
  new MillraceError(
    'ML_PRODUCE_FAILED',
    `${failed} of ${records} records were not acknowledged, the others are written: ${cause.message}`,
    { cause },
  )

const unfinished = (pending: number, timeoutMs: number) =>
  new MillraceError(
    'ML_PRODUCE_UNFINISHED',
    `${pending} records were not acknowledged within ${timeoutMs} ms; whether they are written is not known`,
  )
