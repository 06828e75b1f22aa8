import { describe, expect, it, vi } from 'vitest'
import { admin, broker, closing } from '../local/broker/kafkajs.fixture.js'
import { type KafkaProducerOptions, kafkaProducer, type ProducerRecord } from './index.js'
import { contents, produceKey, proxyOf, refusing } from './kafka.fixture.js'

/** Two topics of four partitions, and a producer through a proxy. */
async function setup(options: KafkaProducerOptions = {}) {
  const started = await broker()
  const topics = ['one', 'two'].map((topic) => ({ topic, numPartitions: 4 }))
  await (await admin(started)).createTopics({ topics })
  const proxy = await proxyOf(started)
  const producer = closing(kafkaProducer({ brokers: proxy.address, topic: 'one', ...options }), (one) => one.close())
  return { started, proxy, producer, produced: () => proxy.requests.filter((key) => key === produceKey).length }
}

describe('produce', () => {
  it('resolves with where the record lies, once the broker has it [R-27]', async () => {
    const { started, producer } = await setup()
    const before = Date.now()
    const first = await producer.produce({ key: 'k', value: { cents: 1 }, partition: 2 })
    expect(first).toEqual({ topic: 'one', partition: 2, offset: 0, timestamp: expect.any(Number) })
    expect(first.timestamp).toBeGreaterThanOrEqual(before)
    const [second, third] = await producer.produce([
      { value: null, partition: 2, timestamp: 1_700_000_000_000 },
      { topic: 'two', value: new Uint8Array([0, 255]), partition: 0 },
    ])
    expect(second).toEqual({ topic: 'one', partition: 2, offset: 1, timestamp: 1_700_000_000_000 })
    expect(third).toMatchObject({ topic: 'two', partition: 0, offset: 0 })
    const [one, tombstone] = await contents(started, 'one', 2)
    expect([one?.key?.toString(), one?.value?.toString(), one?.timestamp]).toEqual([
      'k',
      '{"cents":1}',
      String(first.timestamp),
    ])
    expect([tombstone?.key, tombstone?.value, tombstone?.timestamp]).toEqual([null, null, '1700000000000'])
  })

  it('writes text as UTF-8, anything else as JSON, bytes and headers as they are [R-28]', async () => {
    const { started, producer } = await setup()
    const headers = [
      ['a', 'ä'],
      ['n', null],
      ['b', new Uint8Array([255])],
    ] as const
    await producer.produce({ key: 'ключ', value: ['ü', 1], headers, partition: 0 })
    await producer.produce({ key: Buffer.from([0xff]), value: '', partition: 0 })
    const [json, bytes] = await contents(started, 'one', 2)
    expect([json?.key?.toString(), json?.value?.toString()]).toEqual(['ключ', '["ü",1]'])
    expect(json?.headers).toEqual({ a: Buffer.from('ä'), n: null, b: Buffer.from([255]) })
    expect([bytes?.key, bytes?.value]).toEqual([Buffer.from([0xff]), Buffer.alloc(0)])
  })

  it('sends what is produced in one turn, to whatever topics, by one request [R-26]', async () => {
    const { producer, produced } = await setup()
    await producer.produce({ value: 'warm' })
    const before = produced()
    const records = Array.from({ length: 200 }, (_, n) => ({ topic: n % 2 ? 'one' : 'two', key: `${n}`, value: n }))
    const metadata = await Promise.all(records.map((record) => producer.produce(record)))
    expect(produced() - before).toBe(1)
    expect(new Set(metadata.map(({ topic, partition }) => `${topic} ${partition}`)).size).toBe(8)
  })

  it('rejects a record that its topic never takes, and says why; the others are written [R-27]', async () => {
    const { started, producer } = await setup()
    const [large, other] = await Promise.allSettled([
      producer.produce({ value: 'x'.repeat(2_000_000), partition: 0 }),
      producer.produce({ value: 'small', partition: 0 }),
    ])
    expect(large).toMatchObject({
      reason: { code: 'ML_PRODUCE_FAILED', message: expect.stringContaining('MESSAGE_TOO_LARGE') },
    })
    expect(other).toMatchObject({ value: { partition: 0, offset: 0 } })
    await expect(producer.produce([{ value: 1 }, { value: 2, partition: 4 }])).rejects.toThrow(
      '1 of 2 records were not',
    )
    await expect(producer.produce({ topic: 'three', value: 1 })).rejects.toThrow(
      /there is no topic three; .*`npx millrace produce three --count 0 --partitions 3`/,
    )
    expect((await contents(started, 'one', 2)).map(({ value }) => value?.toString()).sort()).toEqual(['1', 'small'])
  })

  it.each<[string, ProducerRecord, RegExp]>([
    ['no topic', { topic: '', value: 1 }, /ML_OPTION_INVALID.*name one/],
    ['no JSON', { value: () => 1 }, /ML_OPTION_INVALID.*no JSON/],
  ])('rejects what cannot be produced: %s', async (_, record, message) => {
    const { producer } = await setup()
    await expect(producer.produce(record)).rejects.toThrow(message)
  })

  it('writes once what it sends again for want of an answer', async () => {
    const { started, proxy, producer, produced } = await setup()
    let lost = 0
    proxy.answer = (key, answer) => (key === produceKey && lost++ < 2 ? 'lose' : answer)
    const metadata = await producer.produce(['a', 'b', 'c'].map((value) => ({ value, partition: 1 })))
    expect(metadata.map(({ offset }) => offset)).toEqual([0, 1, 2])
    await producer.produce({ value: 'd', partition: 1 })
    expect(produced()).toBe(4)
    expect((await contents(started, 'one', 4)).map(({ value }) => value?.toString())).toEqual(['a', 'b', 'c', 'd'])
  })

  it('does not lose what follows a batch of which it has never heard', async () => {
    const { started, proxy, producer } = await setup({ deliveryTimeoutMs: 1_000 })
    proxy.answer = (key, answer) => (key === produceKey ? 'lose' : answer)
    await expect(producer.produce({ value: 'unsure', partition: 1 })).rejects.toThrow('ML_PRODUCE_FAILED')
    proxy.answer = (_, answer) => answer
    // A broker that took this for the same batch again would acknowledge it, and drop it.
    expect(await producer.produce({ value: 'next', partition: 1 })).toMatchObject({ offset: 1 })
    expect((await contents(started, 'one', 2)).map(({ value }) => value?.toString())).toEqual(['unsure', 'next'])
  })

  // A leader that has written a batch, and leads no more when the replicas have it, says one of these; and -1 says nothing.
  it.each([
    -1, 3, 6, 56,
  ])('does not lose what follows a batch that was written, and answered by code %i', async (code) => {
    const { started, proxy, producer } = await setup({ deliveryTimeoutMs: 300 })
    proxy.answer = (key, answer) => (key === produceKey ? refusing(answer, code, [1]) : answer)
    await expect(producer.produce({ value: 'unsure', partition: 1 })).rejects.toThrow('ML_PRODUCE_FAILED')
    proxy.answer = (_, answer) => answer
    expect(await producer.produce({ value: 'next', partition: 1 })).toMatchObject({ offset: 1 })
    expect((await contents(started, 'one', 2)).map(({ value }) => value?.toString())).toEqual(['unsure', 'next'])
  })

  it.each([
    ['a time that is no whole number', { timestamp: 1.5 }],
    ['a header whose name is no text', { headers: [[1, 'x']] as never }],
    ['a value that JSON does not know', { value: 1n }],
  ])('rejects %s at once, and costs no other record anything', async (_, fields) => {
    const { producer } = await setup({ deliveryTimeoutMs: 2_000 })
    const good = producer.produce({ value: 'good', partition: 1 })
    await expect(producer.produce({ value: 'bad', partition: 1, ...fields })).rejects.toThrow('ML_OPTION_INVALID')
    expect(await good).toMatchObject({ offset: 0 })
  })
})

describe('where records go', () => {
  it('is the partition they ask for, or the one a partitioner chooses [R-19]', async () => {
    const seen: [unknown, number][] = []
    const partitioner = ({ value }: ProducerRecord, partitions: number) => {
      seen.push([value, partitions])
      return Number(value) - 10
    }
    const { producer } = await setup({ partitioner })
    const places = await producer.produce([{ value: 11 }, { value: 12, partition: 3 }, { value: 13, key: 'k' }])
    expect(places.map(({ partition }) => partition)).toEqual([1, 3, 3])
    expect(seen).toEqual([
      [11, 4],
      [13, 4],
    ])
  })

  it.each([
    [-1],
    [4],
    [1.5],
    [Number.NaN],
  ])('is nowhere if that is partition %d of four, which the error names [R-19]', async (wrong) => {
    const { producer, produced } = await setup({ partitioner: ({ value }) => Number(value) })
    const message = (who: string) =>
      `ML_PARTITION_INVALID: ${who} partition ${JSON.stringify(wrong)} of one, which has 0 to 3`
    await expect(producer.produce({ value: wrong })).rejects.toThrow(message('the partitioner chose'))
    await expect(producer.produce({ value: 0, partition: wrong })).rejects.toThrow(message('the record asks for'))
    expect(produced()).toBe(0)
  })

  it('is every partition as often as any other without a key [R-17]', async () => {
    const { producer } = await setup()
    const places = await producer.produce(Array.from({ length: 40 }, () => ({ value: 1 })))
    const more = await Promise.all(Array.from({ length: 40 }, () => producer.produce({ value: 1 })))
    const counts = [0, 1, 2, 3].map((at) => [...places, ...more].filter(({ partition }) => partition === at).length)
    expect(counts).toEqual([20, 20, 20, 20])
  })
})

describe('flush and close', () => {
  it('end with an error that counts what is left when their time is over [R-30]', async () => {
    const { proxy, producer } = await setup()
    await producer.produce({ value: 'warm' })
    proxy.answer = (key, answer) => (key === produceKey ? 'keep' : answer)
    const pending = Promise.allSettled([producer.produce([{ value: 1 }, { value: 2 }]), producer.produce({ value: 3 })])
    await expect(producer.flush({ timeoutMs: 20 })).rejects.toThrow('ML_PRODUCE_UNFINISHED: 3 records')
    await expect(producer.close({ timeoutMs: 20 })).rejects.toThrow('ML_PRODUCE_UNFINISHED: 3 records')
    expect((await pending).map((one) => one.status)).toEqual(['rejected', 'rejected'])
    await vi.waitFor(() => expect(proxy.connections()).toBe(0))
  })

  it('wait for what is under way, and leave a producer that can be used again [R-30]', async () => {
    const { proxy, producer } = await setup()
    let isDone = false
    const produced = producer.produce({ value: 1, partition: 0 }).then(() => (isDone = true))
    await producer.flush()
    await produced
    expect(isDone).toBe(true)
    await producer.close()
    await vi.waitFor(() => expect(proxy.connections()).toBe(0))
    expect(await producer.produce({ value: 2, partition: 0 })).toMatchObject({ offset: 1 })
  })
})
