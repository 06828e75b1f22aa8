import { createServer, connect as dial, type Server, type Socket } from 'node:net'
import { systemClock } from '../clock.js'
import type { Broker } from '../local/broker/index.js'
import { admin, broker, closing, consumer, type Seen } from '../local/broker/kafkajs.fixture.js'
import type { Acknowledgement, SinkContext, SinkRecord } from '../sink/index.js'
import { type KafkaSinkOptions, kafkaSink } from './index.js'

/** The key of the API that produces. */
export const produceKey = 0

/** What stands between clients and a broker. */
export interface BrokerProxy {
  readonly address: string
  /** The API keys of the requests that came, in their order. */
  readonly requests: readonly number[]
  /**
   * Sees each answer, and the key of its API, before the client does: as it is, as another, or `lose` for a connection that ends
   * without it. Default: as it is.
   */
  answer: (key: number, answer: Buffer) => Buffer | 'lose' | 'keep'
  /** How many connections are open. */
  connections(): number
  /** Ends all connections, as a load balancer ends those that are idle. */
  cut(): void
}

/** Looks like the broker: what that says of its address is the proxy's. */
export async function proxyOf(
  target: Broker,
  wrap?: (onSocket: (socket: Socket) => void) => Server,
): Promise<BrokerProxy> {
  const sockets = new Set<Socket>()
  const requests: number[] = []
  const serve = (client: Socket) => {
    const keys = new Map<number, number>()
    const upstream = dial(target.port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on(
      'data',
      inFrames((frame) => {
        requests.push(frame.readInt16BE(4))
        keys.set(frame.readInt32BE(8), frame.readInt16BE(4))
        upstream.write(frame)
      }),
    )
    upstream.on(
      'data',
      inFrames((frame) => {
        const said = proxy.answer(keys.get(frame.readInt32BE(4)) ?? -1, withPort(frame, target.port, port()))
        if (said === 'lose') client.destroy()
        else if (said !== 'keep') client.write(said)
      }),
    )
  }
  const server = wrap?.(serve) ?? createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = () => (server.address() as { port: number }).port
  const proxy: BrokerProxy = {
    address: `127.0.0.1:${port()}`,
    requests,
    answer: (_, answer) => answer,
    connections: () => sockets.size / 2,
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
  closing(server, async () => {
    proxy.cut()
    await new Promise((resolve) => server.close(resolve))
  })
  return proxy
}

function inFrames(take: (frame: Buffer) => void): (chunk: Buffer) => void {
  let held = Buffer.alloc(0)
  return (chunk) => {
    held = Buffer.concat([held, chunk])
    while (held.length >= 4 && held.length >= 4 + held.readInt32BE(0)) {
      const end = 4 + held.readInt32BE(0)
      take(held.subarray(0, end))
      held = held.subarray(end)
    }
  }
}

/** The frame with another port behind the host's name, as in answers that tell addresses. */
function withPort(frame: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.from(frame)
  const address = Buffer.from('127.0.0.1\0\0\0\0')
  address.writeInt32BE(from, address.length - 4)
  for (let at = copy.indexOf(address); at >= 0; at = copy.indexOf(address, at + 1)) {
    copy.writeInt32BE(to, at + address.length - 4)
  }
  return copy
}

/** An answer of Produce of one topic that says this code of each of these partitions. */
export function refusing(answer: Buffer, code: number, partitions: readonly number[]): Buffer {
  const copy = Buffer.from(answer)
  // Length, correlation and the number of topics, then the topic's name and the number of its partitions.
  const start = 12 + 2 + copy.readInt16BE(12) + 4
  const size = 4 + 2 + 3 * 8
  for (let at = start; at + size <= copy.length; at += size) {
    if (partitions.includes(copy.readInt32BE(at))) copy.writeInt16BE(code, at + 4)
  }
  return copy
}

/** A record as a function hands it to a sink. */
export function sinkRecord(offset: number, fields: Partial<SinkRecord> = {}): SinkRecord {
  const source = { topic: 'orders', partition: 0, offset, timestamp: 1_700_000_000_000, group: 'billing' }
  return {
    id: `orders:0:${offset}#0`,
    source,
    key: Buffer.from(`k${offset}`),
    value: Buffer.from(`v${offset}`),
    headers: [],
    content: `v${offset}`,
    ...fields,
  }
}

export const context = (bootstrapServers?: string): SinkContext => ({
  group: 'billing',
  functionName: 'billing',
  bootstrapServers,
  clock: systemClock,
})

/** Aborts when no test would wait any longer. */
export const patient = () => AbortSignal.timeout(20_000)

/** All records of the topic, of which there are so many. */
export async function contents(on: Broker, topic: string, count: number): Promise<readonly Seen[]> {
  // A group of its own, from the beginning each time.
  const reading = await consumer(on, topic, { groupId: systemClock.nonce() })
  await reading.until(() => reading.seen.length >= count)
  await reading.stop()
  return reading.seen
}

/** A topic of four partitions, and a sink that has reached it through a proxy. */
export async function sinkOnTopic(options: KafkaSinkOptions = {}) {
  const started = await broker()
  await (await admin(started)).createTopics({ topics: [{ topic: 'invoices', numPartitions: 4 }] })
  const proxy = await proxyOf(started)
  const sink = kafkaSink({ brokers: proxy.address, topic: 'invoices', ...options })
  closing(sink, async ({ close }) => close?.())
  return { started, proxy, sink, produced: () => proxy.requests.filter((key) => key === produceKey).length }
}

/** What was said of each record. */
export const said = (acknowledgements: readonly Acknowledgement[]) =>
  acknowledgements.map((one) => (one.ok ? 'ok' : `${one.status}: ${one.error.message}`))

/** The values of all records of the topic, as text. */
export const values = async (...of: Parameters<typeof contents>) =>
  (await contents(...of)).map(({ value }) => `${value}`)
