import { CompressionTypes } from 'kafkajs'
import { expect, test } from 'vitest'
import { admin, broker, consumer, producer } from './kafkajs.fixture.js'

test('records produced to four partitions are consumed from them, in the order of each', async () => {
  const started = await broker()
  await (await admin(started)).createTopics({ topics: [{ topic: 'orders', numPartitions: 4 }] })
  const messages = Array.from({ length: 400 }, (_, n) => ({ key: `customer-${n % 40}`, value: `${n}` }))
  const sent = await (await producer(started)).send({ topic: 'orders', messages })
  expect(sent.map(({ partition, errorCode }) => [partition, errorCode]).sort()).toEqual([0, 1, 2, 3].map((p) => [p, 0]))

  const reading = await consumer(started, 'orders')
  await reading.until(() => reading.seen.length === 400)
  for (const partition of [0, 1, 2, 3]) {
    const here = reading.seen.filter((one) => one.partition === partition)
    expect(here.map(({ offset }) => offset)).toEqual(here.map((_, index) => `${index}`))
    const numbers = here.map(({ value }) => Number(value))
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other))
  }
  const partitionsOfKey = new Map(reading.seen.map(({ key, partition }) => [`${key}/${partition}`, true]))
  expect(partitionsOfKey.size).toBe(40)
})

test('[R-12] null key, tombstone and empty bytes stay different, and repeated headers keep their order', async () => {
  const started = await broker()
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  const messages = [
    { key: null, value: null },
    { key: Buffer.alloc(0), value: Buffer.alloc(0) },
    { key: bytes, value: bytes, headers: { one: [Buffer.from('b'), Buffer.from('a')], two: bytes, none: '' } },
  ]
  for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) {
    const topic = `raw-${compression}`
    await (await producer(started)).send({
      topic,
      compression,
      messages: messages.map((m) => ({ ...m, partition: 0 })),
    })
    const reading = await consumer(started, topic)
    await reading.until(() => reading.seen.length === 3)
    expect(reading.seen.map(({ key, value }) => ({ key, value }))).toEqual([
      { key: null, value: null },
      { key: Buffer.alloc(0), value: Buffer.alloc(0) },
      { key: bytes, value: bytes },
    ])
    expect(reading.seen[2]?.headers).toEqual({
      one: [Buffer.from('b'), Buffer.from('a')],
      two: bytes,
      none: Buffer.alloc(0),
    })
  }
})

test('a record of 5 MB passes, though it is larger than every limit of the fetch', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const value = Buffer.alloc(5_000_000, 'large')
  const configEntries = [{ name: 'max.message.bytes', value: '6000000' }]
  await (await admin(started)).createTopics({ topics: [{ topic: 'large', configEntries }] })
  await (await producer(started)).send({ topic: 'large', messages: [{ value }, { value: 'next' }] })
  const reading = await consumer(started, 'large', { maxBytes: 1000, maxBytesPerPartition: 1000 })
  await reading.until(() => reading.seen.length === 2)
  expect(reading.seen[0]?.value?.equals(value)).toBe(true)
})

test('1,000 small produce requests in flight at once are all kept, each once', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const client = await producer(started)
  await client.send({ topic: 'small', messages: [{ value: 'first' }] })
  const sent = await Promise.all(
    Array.from({ length: 1000 }, (_, n) => client.send({ topic: 'small', messages: [{ value: `${n}` }] })),
  )
  const offsets = sent.map(([one]) => Number(one?.baseOffset)).sort((one, other) => one - other)
  expect(offsets).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1))
  const reading = await consumer(started, 'small')
  await reading.until(() => reading.seen.length === 1001)
  expect(new Set(reading.seen.map(({ value }) => `${value}`)).size).toBe(1001)
})

test('records sent without acknowledgement arrive, and the connection goes on', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const client = await producer(started)
  await client.send({ topic: 'quiet', acks: 0, messages: [{ value: 'one' }] })
  const [second] = await client.send({ topic: 'quiet', messages: [{ value: 'two' }] })
  expect(second?.baseOffset).toBe('1')
})

test('an idempotent producer writes in sequence', async () => {
  const started = await broker({ defaultPartitions: 1 })
  const client = await producer(started, { idempotent: true })
  for (const value of ['a', 'b', 'c']) await client.send({ topic: 'sure', messages: [{ value }, { value }] })
  const reading = await consumer(started, 'sure')
  await reading.until(() => reading.seen.length === 6)
  expect(reading.seen.map(({ value }) => `${value}`).join('')).toBe('aabbcc')
})
