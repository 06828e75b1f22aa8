import fc from 'fast-check'
import { Partitioners } from 'kafkajs'
import { expect, it } from 'vitest'
import { broker, closing } from '../local/broker/kafkajs.fixture.js'
import { kafkaProducer, partitioner } from './index.js'
import { contents } from './kafka.fixture.js'

it('a key goes where other clients put it, whatever its bytes [R-18]', () => {
  const other = Partitioners.DefaultPartitioner()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 100 }), (bytes, partitions) => {
      const key = Buffer.from(bytes)
      const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
        ...{ partitionId, partitionErrorCode: 0, leader: 0, replicas: [], isr: [] },
      }))
      const expected = other({ topic: '', partitionMetadata, message: { key, value: null } })
      expect(partitioner(partitions)(key, 0)).toBe(expected)
    }),
    { numRuns: 500 },
  )
})

it('a record arrives to the byte, whatever it is', async () => {
  const { address, ...rest } = await broker({ defaultPartitions: 1 })
  const producer = closing(kafkaProducer({ brokers: address, topic: 'any', createTopics: true }), (one) => one.close())
  const bytes = fc.option(fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)))
  const records = fc.sample(
    fc.record({
      key: bytes,
      value: bytes,
      headers: fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme' }), bytes), {
        selector: ([name]) => name,
        maxLength: 4,
      }),
      timestamp: fc.integer({ min: 0, max: Date.now() }),
    }),
    { numRuns: 300, seed: 7 },
  )
  await producer.produce(records)
  const seen = await contents({ address, ...rest }, 'any', records.length)
  const given = records.map(({ headers, timestamp, ...record }) => ({
    ...{ ...record, headers: Object.fromEntries(headers), timestamp: String(timestamp) },
  }))
  expect(seen.map(({ key, value, headers, timestamp }) => ({ key, value, headers, timestamp }))).toEqual(given)
})
