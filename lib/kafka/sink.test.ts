import { describe, expect, it } from 'vitest'
import { admin } from '../local/broker/kafkajs.fixture.js'
import { contents, patient, produceKey, refusing, said, sinkOnTopic, sinkRecord, values } from './kafka.fixture.js'

describe('a Kafka sink', () => {
  it('writes all records of a call by one request, and acknowledges each in its place', async () => {
    const { started, sink, produced } = await sinkOnTopic()
    const records = Array.from({ length: 1_000 }, (_, n) => sinkRecord(n))
    expect(await sink.write(records, patient())).toEqual(records.map(() => ({ ok: true })))
    expect(produced()).toBe(1)
    expect(new Set(await values(started, 'invoices', 1_000)).size).toBe(1_000)
    expect(await sink.write([], patient())).toEqual([])
  })

  it('says in headers what each record was made of, behind its own', async () => {
    const { started, sink } = await sinkOnTopic()
    const header = (key: string, value: string | null) => ({ key, value: value === null ? null : Buffer.from(value) })
    const traceparent = header('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
    const headers = [header('h', 'v'), header('n', null), traceparent, header('x-source-id', 'of an earlier function')]
    await sink.write([sinkRecord(7, { id: 'orders:0:7#2', headers, key: null, value: null, partition: 0 })], patient())
    const [written] = await contents(started, 'invoices', 1)
    expect(written).toMatchObject({ key: null, value: null })
    const texts = Object.entries(written?.headers ?? {}).map(([key, value]) => [
      key,
      value === null ? null : `${value}`,
    ])
    expect(texts).toEqual([
      ['h', 'v'],
      ['n', null],
      ['traceparent', `${traceparent.value}`],
      ['x-source-topic', 'orders'],
      ['x-source-partition', '0'],
      ['x-source-offset', '7'],
      ['x-source-group', 'billing'],
      ['x-source-id', 'orders:0:7#2'],
    ])
  })

  it('honours the partition an output asks for, and its own partitioner otherwise [R-19] (PEERS, defect 11)', async () => {
    const { started, sink } = await sinkOnTopic({ partitioner: ({ source }, partitions) => source.offset % partitions })
    await sink.write([sinkRecord(5), sinkRecord(6, { partition: 3 }), sinkRecord(2)], patient())
    const places = (await contents(started, 'invoices', 3)).map(({ partition, value }) => `${value} in ${partition}`)
    expect(places.sort()).toEqual(['v2 in 2', 'v5 in 1', 'v6 in 3'])
  })

  it('costs no other record what one of them can never be [R-27]', async () => {
    const { started, sink } = await sinkOnTopic()
    const records = [
      sinkRecord(0, { partition: 1 }),
      sinkRecord(1, { partition: 1, value: Buffer.alloc(1_500_000) }),
      sinkRecord(2, { partition: 1 }),
      sinkRecord(3, { partition: 4 }),
      sinkRecord(4, { topic: 'none' }),
      sinkRecord(5, { partition: 2 }),
      sinkRecord(6, { topic: 'x'.repeat(40_000) }),
    ]
    expect(said(await sink.write(records, patient()))).toEqual([
      'ok',
      expect.stringMatching(/^fallback: ML_PRODUCE_FAILED.*1500002 bytes: MESSAGE_TOO_LARGE/),
      'ok',
      expect.stringMatching(/^fallback: ML_PARTITION_INVALID.*partition 4 of invoices, which has 0 to 3/),
      expect.stringMatching(/^fallback: ML_PRODUCE_FAILED.*there is no topic none/),
      'ok',
      expect.stringMatching(/^fallback: ML_PRODUCE_FAILED.*no topic can have the name/),
    ])
    expect((await values(started, 'invoices', 3)).sort()).toEqual(['v0', 'v2', 'v5'])
  })

  it('finds the record that its topic does not take among all of a batch', async () => {
    const { started, sink } = await sinkOnTopic()
    const small = { type: 2, name: 'invoices', configEntries: [{ name: 'max.message.bytes', value: '3000' }] }
    await (await admin(started)).alterConfigs({ validateOnly: false, resources: [small] })
    const records = Array.from({ length: 50 }, (_, n) =>
      sinkRecord(n, { partition: 0, ...(n === 31 && { value: Buffer.alloc(5_000) }) }),
    )
    const answers = said(await sink.write(records, patient()))
    expect(answers.flatMap((answer, n) => (answer === 'ok' ? [] : [n]))).toEqual([31])
    expect(await values(started, 'invoices', 49)).toEqual(
      records.filter((_, n) => n !== 31).map(({ value }) => `${value}`),
    )
  })

  it('acknowledges what one partition has written, and not what another has not (PEERS, defect 11)', async () => {
    const { started, proxy, sink } = await sinkOnTopic({ deliveryTimeoutMs: 1_000 })
    // NOT_ENOUGH_REPLICAS, for as long as anyone asks.
    proxy.answer = (key, answer) => (key === produceKey ? refusing(answer, 19, [1]) : answer)
    const records = [0, 1, 2].flatMap((partition) => [
      sinkRecord(partition, { partition }),
      sinkRecord(3 + partition, { partition }),
    ])
    expect(said(await sink.write(records, patient()))).toEqual([
      ...['ok', 'ok'],
      ...[1, 1].map(() =>
        expect.stringMatching(/^retry: ML_PRODUCE_FAILED: invoices did not acknowledge.*NOT_ENOUGH_REPLICAS/),
      ),
      ...['ok', 'ok'],
    ])
    expect((await values(started, 'invoices', 6)).sort()).toEqual(['v0', 'v1', 'v2', 'v3', 'v4', 'v5'])
  })

  it('lets nothing overtake a record that its partition has not taken', async () => {
    const { started, proxy, sink } = await sinkOnTopic()
    let answers = 0
    // TOPIC_AUTHORIZATION_FAILED, once, for a batch that the broker has written nonetheless.
    proxy.answer = (key, answer) => (key === produceKey && answers++ === 0 ? refusing(answer, 29, [0]) : answer)
    // More than goes out together.
    const large = Array.from({ length: 14 }, (_, n) =>
      sinkRecord(n, { partition: 0, value: Buffer.alloc(600_000, `${n}`) }),
    )
    const refused = expect.stringMatching(/^retry: ML_PRODUCE_FAILED.*this client may not write/)
    expect(said(await sink.write([sinkRecord(99, { partition: 1 }), ...large], patient()))).toEqual([
      'ok',
      ...Array(13).fill(refused),
      expect.stringMatching(/^retry: ML_PRODUCE_FAILED.*before it/),
    ])
    expect((await contents(started, 'invoices', 2)).map(({ value }) => `${value}`.slice(0, 2)).sort()).toEqual([
      '00',
      'v9',
    ])
  })

  it('writes once what one broker may have, though another has forgotten its producer', async () => {
    const { started, proxy, sink } = await sinkOnTopic()
    let answers = 0
    proxy.answer = (key, answer) =>
      key === produceKey && answers++ === 0 ? refusing(refusing(answer, 7, [0]), 59, [1]) : answer
    expect(
      said(
        await sink.write(
          [0, 1].map((n) => sinkRecord(n, { partition: n })),
          patient(),
        ),
      ),
    ).toEqual(['ok', 'ok'])
    const ends = await (await admin(started)).fetchTopicOffsets('invoices')
    // Of the second nobody could tell: it was sent by another producer then.
    expect([0, 1].map((n) => ends.find(({ partition }) => partition === n)?.high)).toEqual(['1', '2'])
  })

  it('gives others their turn while it prepares thousands of records [R-29 partly]', async () => {
    const { proxy, sink } = await sinkOnTopic()
    await sink.write([sinkRecord(0)], patient())
    const records = Array.from({ length: 10_000 }, (_, n) => sinkRecord(n))
    let [turns, isSent] = [0, false]
    proxy.answer = (key, answer) => {
      isSent ||= key === produceKey
      return answer
    }
    const count = () => {
      turns++
      if (!isSent) setImmediate(count)
    }
    count()
    expect(new Set(said(await sink.write(records, patient())))).toEqual(new Set(['ok']))
    // Each turn for 200 records at most, of what is done three times: made ready, placed, encoded.
    expect(turns).toBeGreaterThan(3 * (10_000 / 200))
  })

  it('counts as not written what is not acknowledged when the time of the batch is over', async () => {
    const { proxy, sink } = await sinkOnTopic({ requestTimeoutMs: 300_000, deliveryTimeoutMs: 300_000 })
    await sink.write([sinkRecord(0)], patient())
    const ending = new AbortController()
    proxy.answer = (key, answer) => {
      if (key === produceKey) ending.abort()
      return key === produceKey ? 'keep' : answer
    }
    expect(said(await sink.write([sinkRecord(1)], ending.signal))).toEqual([
      expect.stringContaining('the time of the batch was over'),
    ])
    expect(said(await sink.write([sinkRecord(1)], AbortSignal.abort()))).toEqual([
      expect.stringContaining('the time of the batch'),
    ])
    // Nobody waits for that answer any more, the next batch least of all.
    proxy.answer = (_, answer) => answer
    expect(said(await sink.write([sinkRecord(2)], patient()))).toEqual(['ok'])
  })
})
