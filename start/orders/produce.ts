import { type Kafka, type Message, Partitioners } from 'kafkajs'
import type { Header, Planned, Produced } from './types.js'

/** Records sent in one request. */
const perRequest = 500

export interface ProduceOptions {
  readonly kafka: Kafka
  readonly topic: string
  readonly planned: readonly Planned[]
  readonly onProgress?: (produced: number) => void
}

/** Produces the records in their order and answers where each of them lies, by the broker's acknowledgements. */
export async function produceOrders(options: ProduceOptions): Promise<readonly Produced[]> {
  const { kafka, topic, planned, onProgress } = options
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, idempotent: true })
  const produced: Produced[] = []
  await producer.connect()
  try {
    for (let i = 0; i < planned.length; i += perRequest) {
      const timestamp = Date.now()
      const chunk = planned.slice(i, i + perRequest).map((record) => ({ ...record, timestamp }))
      const acknowledged = await producer.send({ topic, acks: -1, messages: chunk.map(message) })
      const next = new Map(acknowledged.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]))
      for (const record of chunk) {
        const offset = next.get(record.partition) ?? Number.NaN
        next.set(record.partition, offset + 1)
        produced.push({ ...record, offset })
      }
      onProgress?.(produced.length)
    }
  } finally {
    await producer.disconnect()
  }
  return produced
}

function message({ key, value, headers, partition, timestamp }: Omit<Produced, 'offset'>): Message {
  return { key, value, partition, timestamp: String(timestamp), headers: grouped(headers) }
}

/** kafkajs takes repeated headers as a list under their key. */
function grouped(headers: readonly Header[]): Record<string, Buffer[]> {
  const byKey: Record<string, Buffer[]> = {}
  for (const [key, value] of headers) byKey[key] = [...(byKey[key] ?? []), value]
  return byKey
}
