import { Kafka, logLevel, type Message, type PartitionerArgs, type Producer } from 'kafkajs'
import { asError, MillraceError } from '../../errors.js'
import { partitioner } from '../../kafka/index.js'
import { quietKafkajs } from '../../local/esm/index.js'
import { inChunks } from './chunks.js'
import { ensureTopic } from './topic.js'
import type { OutgoingRecord, Produced, ProducedPartition } from './types.js'

/** Where to produce, and how. */
export interface ProduceOptions {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  readonly topic: string
  /** Creates the topic with so many partitions where it does not exist. Left out: it has to. */
  readonly partitions?: number
  /** Records per second at most. Left out: as fast as they are acknowledged. */
  readonly ratePerSecond?: number
  /** Chooses the partition, from 0 to below `partitions`, of a record that names none. Default: as Kafka's clients for Java do. */
  readonly partitioner?: (record: OutgoingRecord, partitions: number) => number
  /** Ends it; what was taken by then is still sent. */
  readonly signal?: AbortSignal
  /** Told after each request how many records are acknowledged. */
  readonly onProgress?: (records: number) => void
}

/**
 * Produces records in their order and says where they lie, by the broker's acknowledgements. Every replica has acknowledged
 * them, and none was written twice (the producer is idempotent).
 *
 * @throws MillraceError `ML_LOCAL_KAFKA_UNREACHABLE`, `ML_LOCAL_TOPIC_MISSING`, `ML_OPTION_INVALID` for a partition that the topic
 * has not, `ML_PRODUCE_FAILED` where the broker refused records; the message says how many it had acknowledged
 */
export async function produce(
  records: Iterable<OutgoingRecord> | AsyncIterable<OutgoingRecord>,
  options: ProduceOptions,
): Promise<Produced> {
  const { topic, ratePerSecond, signal, onProgress } = options
  quietKafkajs()
  const kafka = new Kafka({
    clientId: 'millrace-produce',
    brokers: [...options.brokers],
    logLevel: logLevel.NOTHING,
    retry,
  })
  const partitions = await ensureTopic(kafka, options)
  const placed = placing(options, partitions)
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner: () => asPlaced })
  const account = accountOf(topic)
  await producer.connect()
  try {
    for await (const chunk of inChunks(records, {
      sizeOf,
      ...(ratePerSecond && { ratePerSecond }),
      ...(signal && { signal }),
    })) {
      account.add(await send(producer, topic, chunk.map(placed), account.records))
      onProgress?.(account.records)
    }
  } finally {
    await producer.disconnect()
  }
  return account.close()
}

const retry = { initialRetryTime: 100, maxRetryTime: 1000, retries: 5 }

interface Placed extends OutgoingRecord {
  readonly partition: number
}

/** Every record is placed before it is sent, so that the acknowledgement tells how many each partition got. */
const asPlaced = ({ message: { partition = 0 } }: PartitionerArgs): number => partition

function placing(options: ProduceOptions, partitions: number): (record: OutgoingRecord) => Placed {
  const byKey = partitioner(partitions)
  let keyless = 0
  const chosen = (record: OutgoingRecord): number =>
    options.partitioner?.(record, partitions) ?? byKey(record.key ?? null, record.key ? 0 : keyless++)
  return (record) => {
    const partition = record.partition ?? chosen(record)
    if (Number.isSafeInteger(partition) && partition >= 0 && partition < partitions) return { ...record, partition }
    throw new MillraceError(
      'ML_OPTION_INVALID',
      `a record is for partition ${partition}, and the topic ${options.topic} has ${partitions}; take one from 0 to ${partitions - 1}`,
    )
  }
}

async function send(
  producer: Producer,
  topic: string,
  records: readonly Placed[],
  before: number,
): Promise<ProducedPartition[]> {
  try {
    const acknowledged = await producer.send({ topic, acks: -1, messages: records.map(message) })
    return acknowledged.map(({ partition, baseOffset }) => {
      const count = records.filter((record) => record.partition === partition).length
      const first = Number(baseOffset)
      return { partition, records: count, first, last: first + count - 1 }
    })
  } catch (cause) {
    throw new MillraceError(
      'ML_PRODUCE_FAILED',
      `${topic} did not take records: ${asError(cause).message}; ${before} were acknowledged before, and some of the next ` +
        `${records.length} may be there as well`,
      { cause },
    )
  }
}

function message({ key = null, value, headers = [], partition, timestamp }: Placed): Message {
  const byKey: Record<string, Buffer[]> = {}
  for (const [name, bytes] of headers) byKey[name] = [...(byKey[name] ?? []), bytes]
  return {
    key,
    value,
    partition,
    headers: byKey,
    ...(timestamp !== undefined && { timestamp: String(timestamp) }),
  }
}

const sizeOf = ({ key, value }: OutgoingRecord): number => (key?.length ?? 0) + (value?.length ?? 0) + 32

/** Adds up what was acknowledged. */
function accountOf(topic: string) {
  const began = performance.now()
  const partitions = new Map<number, ProducedPartition>()
  let records = 0
  return {
    get records() {
      return records
    },
    add(more: readonly ProducedPartition[]): void {
      for (const one of more) {
        const before = partitions.get(one.partition)
        records += one.records
        partitions.set(
          one.partition,
          before ? { ...one, first: before.first, records: before.records + one.records } : one,
        )
      }
    },
    close: (): Produced => ({
      topic,
      records,
      partitions: [...partitions.values()].sort((a, b) => a.partition - b.partition),
      durationMs: performance.now() - began,
    }),
  }
}
