import type { KafkaSide } from './side.js'
import type { Wire } from './wire.js'

/** Some time that does not change. */
export const someTime = 1_700_000_000_000

export const batchOf = (topic: string, messages: readonly object[], partition = 0) => [
  { topic, partitions: [{ partition, firstSequence: 0, messages }] },
]

export const record = (value: unknown, more = {}) => ({ key: null, value, headers: {}, timestamp: someTime, ...more })

/** Reads a partition from an offset on. */
export const fetchFrom = (topic: string, fetchOffset: number | string, more = {}) => ({
  maxWaitTime: 100,
  minBytes: 1,
  maxBytes: 10_000_000,
  isolationLevel: 0,
  topics: [{ topic, partitions: [{ partition: 0, fetchOffset, maxBytes: 1_000_000 }] }],
  ...more,
})

/** What stands in a partition, by the newest Fetch of kafkajs. */
export const contents = ({ ask }: Wire, topic: string) => ask('Fetch', 11, fetchFrom(topic, 0))

/** Batches of three records each, with rising timestamps. */
export async function filled(side: KafkaSide, batches = 3): Promise<{ name: string; client: Wire }> {
  const name = await side.topic()
  const client = await side.wire()
  for (let batch = 0; batch < batches; batch++) {
    const messages = [0, 1, 2].map((i) => record(`${batch}.${i}`, { timestamp: someTime + batch * 1_000 + i * 10 }))
    await client.ask('Produce', 7, { acks: -1, timeout: 5_000, topicData: batchOf(name, messages) })
  }
  return { name, client }
}

export const listed = (topic: string, timestamps: readonly (number | string)[], isolationLevel = 0) => ({
  isolationLevel,
  topics: timestamps.map((timestamp) => ({ topic, partitions: [{ partition: 0, timestamp }] })),
})

/** Partitions come in no order. */
export const inOrder = <T extends { readonly partition: number }>(partitions: readonly T[]): T[] =>
  [...partitions].sort((a, b) => a.partition - b.partition)
