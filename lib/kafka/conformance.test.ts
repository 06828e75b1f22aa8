import { describe, it } from 'vitest'
import { admin, broker } from '../local/broker/kafkajs.fixture.js'
import { type KeptRecord, sinkConformance } from '../testing/index.js'
import { kafkaSink } from './index.js'
import { contents, produceKey, proxyOf } from './kafka.fixture.js'

describe('a Kafka topic, read by one who takes each x-source-id once', () => {
  const make = async () => {
    const started = await broker()
    const client = await admin(started)
    await client.createTopics({ topics: [{ topic: 'kept', numPartitions: 3 }] })
    const proxy = await proxyOf(started)
    const kept = async (): Promise<KeptRecord[]> => {
      const ends = await client.fetchTopicOffsets('kept')
      const count = ends.reduce((sum, { high }) => sum + Number(high), 0)
      const seen = count === 0 ? [] : await contents(started, 'kept', count)
      const byId = new Map<string, KeptRecord>()
      for (const { key, value, headers } of seen) {
        const id = String(headers['x-source-id'])
        if (!byId.has(id)) byId.set(id, { id, key, value })
      }
      // Of several partitions the order is nobody's: only that within each counts.
      return [...byId.values()]
    }
    return {
      sink: kafkaSink({ brokers: proxy.address, topic: 'kept' }),
      contents: kept,
      snapshot: async () =>
        JSON.stringify(
          (await kept()).map(({ id, key, value }) => [id, key?.toString('hex'), value?.toString('hex')]).sort(),
        ),
      calls: () => proxy.requests.filter((key) => key === produceKey).length,
      hang: (hangs: boolean) => {
        proxy.answer = (key, answer) => (hangs && key === produceKey ? 'keep' : answer)
      },
    }
  }

  it.each(sinkConformance({ make, shows: ['calls', 'hang'], mostCalls: 1 }))('$name', ({ run }) => run())
})
