import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { systemClock } from '../clock.js'
import { startBroker } from '../local/broker/index.js'
import { admin, broker, closing } from '../local/broker/kafkajs.fixture.js'
import { type KafkaSinkOptions, kafkaSink } from './index.js'
import { context, patient, produceKey, refusing, said, sinkOnTopic, sinkRecord, values } from './kafka.fixture.js'
import { readConnection } from './options.js'
import type { Delivery } from './record.js'
import { Sender } from './sender.js'

const apiVersionsKey = 18

describe('the connections of a sink', () => {
  it('are made once, and anew where they were closed meanwhile', async () => {
    const { proxy, sink } = await sinkOnTopic()
    for (let n = 0; n < 20; n++) await sink.write([sinkRecord(n)], patient())
    expect(proxy.connections()).toBe(1)
    proxy.cut()
    expect(said(await sink.write([sinkRecord(20)], patient()))).toEqual(['ok'])
    await sink.close?.()
    await vi.waitFor(() => expect(proxy.connections()).toBe(0))
    expect(said(await sink.write([sinkRecord(21)], patient()))).toEqual(['ok'])
  })

  it('outlive a broker that is started again, and lose and repeat nothing', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'millrace-sink-'))
    closing(dataDir, (dir) => rm(dir, { recursive: true }))
    const first = await startBroker({ dataDir, defaultPartitions: 1 })
    const sink = kafkaSink({ brokers: first.address, topic: 'invoices', createTopics: true })
    closing(sink, async ({ close }) => close?.())
    expect(said(await sink.write([sinkRecord(0)], patient()))).toEqual(['ok'])
    await first.stop()
    const writing = sink.write(
      [1, 2].map((offset) => sinkRecord(offset, { partition: 0 })),
      patient(),
    )
    const second = await broker({ dataDir, port: first.port })
    expect(said(await writing)).toEqual(['ok', 'ok'])
    expect(await values(second, 'invoices', 3)).toEqual(['v0', 'v1', 'v2'])
  })

  it('are made anew where a broker answers no more, as after a freeze, and what was sent is there once', async () => {
    const { started, proxy, sink } = await sinkOnTopic({ requestTimeoutMs: 300 })
    let kept = 0
    proxy.answer = (key, answer) => (key === produceKey && kept++ < 2 ? 'keep' : answer)
    expect(said(await sink.write([sinkRecord(0)], patient()))).toEqual(['ok'])
    expect(kept).toBe(3)
    expect(await values(started, 'invoices', 1)).toEqual(['v0'])
  })

  it('are made anew after a minute without use', async () => {
    const { started, proxy } = await sinkOnTopic()
    let now = Date.now()
    const sender = new Sender(readConnection('a sender', { brokers: proxy.address }, []), {
      ...systemClock,
      now: () => now,
    })
    closing(sender, (one) => one.close(new Error('closed') as never))
    const send = () =>
      new Promise<Delivery>((resolve) => {
        const { key, value } = sinkRecord(0)
        sender.send([sender.item({ topic: 'invoices', hasOwnTopic: false, key, value, headers: [] }, resolve)])
      })
    const handshakes = () => proxy.requests.filter((key) => key === apiVersionsKey).length
    for (const [laterMs, expected] of [
      [0, 1],
      [59_000, 1],
      [61_000, 2],
    ] as const) {
      now += laterMs
      expect((await send()).ok).toBe(true)
      expect(handshakes()).toBe(expected)
    }
    expect(await values(started, 'invoices', 3)).toHaveLength(3)
  })

  it.each([
    3, 5, 6, 7, 19, 20, 56,
  ])('ask who leads, and send the same again, after an answer of code %d', async (code) => {
    const { started, proxy, sink } = await sinkOnTopic()
    let answers = 0
    proxy.answer = (key, answer) =>
      key === produceKey && answers++ === 0 ? refusing(answer, code, [0, 1, 2, 3]) : answer
    expect(said(await sink.write([sinkRecord(0)], patient()))).toEqual(['ok'])
    expect(answers).toBe(2)
    expect(await values(started, 'invoices', 1)).toEqual(['v0'])
  })

  it('write as another producer to brokers that no longer know this one', async () => {
    const first = await startBroker({ defaultPartitions: 1 })
    const sink = kafkaSink({ brokers: first.address, topic: 'invoices', createTopics: true })
    closing(sink, async ({ close }) => close?.())
    for (const n of [0, 1, 2]) expect(said(await sink.write([sinkRecord(n)], patient()))).toEqual(['ok'])
    await first.stop()
    // Without a directory: all of it is forgotten.
    const second = await broker({ port: first.port, defaultPartitions: 1 })
    expect(said(await sink.write([sinkRecord(3)], patient()))).toEqual(['ok'])
    expect(await values(second, 'invoices', 1)).toEqual(['v3'])
  })

  it('see partitions that were added since', async () => {
    const { started, sink } = await sinkOnTopic()
    await sink.write([sinkRecord(0)], patient())
    await (await admin(started)).createPartitions({ topicPartitions: [{ topic: 'invoices', count: 6 }] })
    expect(said(await sink.write([sinkRecord(1, { partition: 5 })], patient()))).toEqual(['ok'])
  })

  it('go where the option says, else KAFKA_BROKERS, else the event', async () => {
    const { started } = await sinkOnTopic()
    const write = async (options: KafkaSinkOptions, environment: string, event?: string) => {
      vi.stubEnv('KAFKA_BROKERS', environment)
      const sink = kafkaSink({ topic: 'invoices', ...options })
      try {
        await sink.open?.(context(event))
        return said(await sink.write([sinkRecord(0)], patient()))
      } finally {
        await sink.close?.()
        vi.unstubAllEnvs()
      }
    }
    const { address } = started
    const nowhere = '127.0.0.1:1'
    expect(await write({ brokers: [address] }, nowhere, nowhere)).toEqual(['ok'])
    expect(await write({}, address, nowhere)).toEqual(['ok'])
    expect(await write({}, '', `${nowhere},${address}`)).toEqual(['ok'])
    await expect(write({}, '')).rejects.toThrow(/ML_KAFKA_BROKERS_MISSING: .* set one of them to host:port/)
    expect(await write({ brokers: nowhere, deliveryTimeoutMs: 100 }, '')).toEqual([
      expect.stringMatching(/^retry: ML_PRODUCE_FAILED: .*ML_KAFKA_UNREACHABLE: .*ECONNREFUSED/),
    ])
  })

  it('ask for no timer in the past, of which Node 24 would warn', async () => {
    const { address } = await broker()
    const timers = vi.spyOn(globalThis, 'setTimeout')
    const sink = kafkaSink({ brokers: address, topic: 'timed', createTopics: true })
    expect(said(await sink.write([sinkRecord(0)], patient()))).toEqual(['ok'])
    await sink.close?.()
    const delays = timers.mock.calls.map(([, delay = 0]) => delay)
    timers.mockRestore()
    expect(delays.length).toBeGreaterThan(0)
    expect(delays.filter((delay) => delay < 0)).toEqual([])
  })

  it.each<[KafkaSinkOptions, RegExp]>([
    [{ brokers: 'localhost' }, /the option brokers is "localhost"; give host:port/],
    [{ brokers: [] }, /give host:port/],
    [{ topic: '' }, /the option topic/],
    [{ deliveryTimeoutMs: 0 }, /deliveryTimeoutMs is 0/],
    [{ acks: 1 } as KafkaSinkOptions, /acks is no option of kafkaSink; there are brokers/],
    [null as never, /the options of kafkaSink are null; write kafkaSink\(\{ topic/],
    ['invoices' as never, /the options of kafkaSink are a string; write/],
    [{ tls: { cert: 'x' } }, /mTLS needs both/],
    [{ sasl: { mechanism: 'plain', username: 'me' } as never }, /plain needs a username and a password/],
    [{ sasl: { mechanism: 'gssapi' } as never }, /knows no mechanism "gssapi"/],
    [{ sasl: { mechanism: 'oauthbearer' } as never }, /a function that gives one/],
  ])('are not made as %j asks', (options, message) => {
    expect(() => kafkaSink(options)).toThrow(message)
  })
})
