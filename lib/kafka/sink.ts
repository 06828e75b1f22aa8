import { setImmediate as pause } from 'node:timers/promises'
import { MillraceError, show } from '../errors.js'
import type { Acknowledgement, Sink, SinkContext, SinkRecord } from '../sink/index.js'
import { outputHeaders } from './headers.js'
import { type KafkaConnection, readConnection } from './options.js'
import { newPace, type Pace } from './pace.js'
import type { Delivery, Item, Outgoing } from './record.js'
import { Sender } from './sender.js'

/** Where a sink writes, and how. */
export interface KafkaSinkOptions extends KafkaConnection {
  /** Where outputs go that name no topic. Left out: each has to name one. */
  readonly topic?: string
  /**
   * Chooses the partition, from 0 to below `partitions`, of an output that names none. Default: as Kafka's clients for Java do by
   * the key (murmur2), in turns where there is no key.
   */
  readonly partitioner?: (record: SinkRecord, partitions: number) => number
}

/**
 * A sink that writes to Kafka topics: outputs of a function (`onSuccess`), or what it gave up on (`fallback`).
 *
 * All records of a call go out in one request to each leading broker, one batch per partition, and each has its own
 * acknowledgement, by every replica. A record that its topic can never take (too large, a partition that is not there) is answered
 * `fallback` and costs no other; where a partition does not answer, its records are answered `retry`, from the first one in doubt on,
 * so that nothing overtakes it. Batches are idempotent: sent again for want of an answer, they are there once. A log only
 * grows, so the same records in a later call are there twice, with the same header `x-source-id`: let the function that reads them
 * drop repeats by it.
 *
 * Each record gets the headers `x-source-topic`, `x-source-partition`, `x-source-offset`, `x-source-group` and `x-source-id` behind
 * its own.
 *
 * @throws MillraceError `ML_OPTION_INVALID` at once for what cannot be; acknowledgements carry `ML_PRODUCE_FAILED`,
 * `ML_PARTITION_INVALID`; `open` and `write` throw `ML_KAFKA_BROKERS_MISSING`
 *
 * @example
 * ```ts
 * import { kafkaSink } from 'millrace/kafka'
 *
 * const invoices = kafkaSink({ topic: 'invoices', brokers: 'b-1.example.org:9098', sasl: { mechanism: 'aws', region: 'eu-central-1' } })
 * console.log(invoices.name) // prints: kafka:invoices
 * ```
 */
export function kafkaSink(options: KafkaSinkOptions = {}): Sink {
  const settings = readConnection('kafkaSink', options, ['topic', 'partitioner'])
  const { topic, partitioner } = options
  if (topic !== undefined && (typeof topic !== 'string' || topic === '')) {
    throw new MillraceError('ML_OPTION_INVALID', `the option topic is ${show(topic)}, not the name of one`)
  }
  const sender = new Sender(settings)
  const outgoing = (record: SinkRecord): Outgoing => ({
    // Without any, '' is no topic's name, and that it is missing is said in time.
    topic: record.topic ?? topic ?? '',
    hasOwnTopic: record.topic !== undefined || topic === undefined,
    ...(record.partition !== undefined && { partition: record.partition }),
    ...(partitioner && { choose: (partitions: number) => partitioner(record, partitions) }),
    key: record.key,
    value: record.value,
    headers: outputHeaders(record),
  })
  return {
    name: topic === undefined ? 'kafka' : `kafka:${topic}`,
    open({ bootstrapServers }: SinkContext) {
      sender.bootstrapServers = bootstrapServers
      settings.brokers(bootstrapServers)
    },
    write: (records, signal) => {
      settings.brokers(sender.bootstrapServers)
      return written(sender, records, outgoing, signal)
    },
    async close() {
      await sender.drain(closeMs)
      await sender.close(
        new MillraceError('ML_PRODUCE_FAILED', 'the sink was closed before the record was acknowledged'),
      )
    },
  }
}

/** Milliseconds that writes may take to end when the sink is closed. */
const closeMs = 1_000

/** Resolves when each record has its acknowledgement, at the latest when the signal aborts. */
async function written(
  sender: Sender,
  records: readonly SinkRecord[],
  outgoing: (record: SinkRecord) => Outgoing,
  signal: AbortSignal,
): Promise<readonly Acknowledgement[]> {
  const unanswered: Acknowledgement = { ok: false, error: late() }
  const answers = new Array<Acknowledgement>(records.length).fill(unanswered)
  const [items, pace]: [Item[], Pace] = [[], newPace()]
  let left = records.length
  let end = () => {}
  let isStopped = false
  /** What is not on its way yet would overtake what has to come again. */
  const stop = () => {
    if (isStopped) return
    isStopped = true
    for (const item of items) if (!item.isTaken) item.settle({ ok: false, error: behind(), isFinal: false })
  }
  for (const [n, record] of records.entries()) {
    if (pace()) await pause()
    const told = (delivery: Delivery) => {
      answers[n] = acknowledgement(delivery)
      if (!delivery.ok && !delivery.isFinal) stop()
      if (--left === 0) end()
    }
    items.push(sender.item(outgoing(record), told, signal))
  }
  if (left === 0 || signal.aborted) return answers
  await new Promise<void>((resolve) => {
    const abort = () => {
      resolve()
      sender.release()
    }
    signal.addEventListener('abort', abort, { once: true })
    end = () => {
      signal.removeEventListener('abort', abort)
      resolve()
    }
    sender.send(items)
  })
  // What comes after the signal changes nothing of it.
  return [...answers]
}

const acknowledgement = (delivery: Delivery): Acknowledgement =>
  delivery.ok ? { ok: true } : { ok: false, error: delivery.error, status: delivery.isFinal ? 'fallback' : 'retry' }

const late = () =>
  new MillraceError('ML_PRODUCE_FAILED', 'the time of the batch was over before the record was acknowledged')

const behind = () =>
  new MillraceError('ML_PRODUCE_FAILED', 'a record before it has to come again, so it is not written yet')
