import { isIP, connect as tcpConnect } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import Broker from 'kafkajs/src/broker/index.js'
import loggers from 'kafkajs/src/loggers/index.js'
import ConnectionPool from 'kafkajs/src/network/connectionPool.js'
import { asError, MillraceError } from '../errors.js'
import type { Connecting } from './options.js'
import { type Call, type MetadataAnswer, metadataCall, type Part, type PartAnswer, produceCall } from './wire.js'

/** Milliseconds after which partitions that were added since are seen, as in Kafka's clients for Java. */
const metadataMs = 300_000

/** A topic, as the cluster described it last. */
export type Topic = MetadataAnswer['topics'][number] & {
  /** Epoch milliseconds. */
  readonly seen: number
}

/**
 * Connections to the brokers of one cluster. What goes wrong with one of them is not mended: the link is abandoned, and another
 * one opened. A connection that died while the environment was frozen is nothing special then.
 */
export class Link {
  readonly #settings: Connecting
  readonly #sockets = new Set<{ destroy(error: Error): void }>()
  /** By their addresses. */
  readonly #brokers = new Map<string, Broker>()
  #addresses: MetadataAnswer['brokers'] = []
  #seed: Broker | undefined
  #topics = new Map<string, Topic>()
  /** What was asked last got no answer: kafkajs says of that, too, that the client was not let in. */
  #isCutOff = false

  private constructor(settings: Connecting) {
    this.#settings = settings
  }

  /** @throws MillraceError `ML_KAFKA_UNREACHABLE`, `ML_KAFKA_UNAUTHENTICATED`, `ML_KAFKA_SIGNER_MISSING` */
  static async open(settings: Connecting): Promise<Link> {
    const link = new Link(settings)
    const reasons: string[] = []
    for (const { host, port } of shuffled(settings.brokers)) {
      link.#isCutOff = false
      try {
        link.#seed = await link.#broker(host, port)
        return link
      } catch (thrown) {
        const error = asError(thrown)
        link.abandon()
        if (error instanceof MillraceError) throw error
        if (error.name === 'KafkaJSSASLAuthenticationError' && !link.#isCutOff)
          throw unauthenticated(error, `${host}:${port}`)
        reasons.push(`${host}:${port}: ${error.message}`)
      }
    }
    throw new MillraceError(
      'ML_KAFKA_UNREACHABLE',
      `no broker can be reached (${reasons.join('; ')}); look at the brokers, at tls, and at the function's network`,
    )
  }

  /** The topics by their names, those that are not there with the code of why. */
  async topics(names: Iterable<string>): Promise<ReadonlyMap<string, Topic>> {
    const oldest = Date.now() - metadataMs
    const wanted = [...names].filter((name) => (this.#topics.get(name)?.seen ?? 0) < oldest)
    if (wanted.length > 0) {
      const { brokers, topics } = await this.#call(this.#seed, metadataCall(wanted, this.#settings.createTopics))
      this.#addresses = brokers
      for (const topic of topics) this.#topics.set(topic.name, { ...topic, seen: Date.now() })
    }
    return this.#topics
  }

  /** The next word on these topics is the cluster's own. */
  forget(names: Iterable<string>): void {
    for (const name of names) this.#topics.delete(name)
  }

  async producerId(): Promise<{ id: bigint; epoch: number }> {
    const answer = await this.#seed?.initProducerId({ transactionTimeout: this.#settings.requestTimeoutMs })
    return { id: BigInt(answer?.producerId ?? -1), epoch: answer?.producerEpoch ?? -1 }
  }

  /** Gives the parts to the broker that leads them. */
  async produce(leader: number, parts: readonly Part[]): Promise<PartAnswer[]> {
    const address = this.#addresses.find(({ id }) => id === leader)
    if (address === undefined) throw new Error(`the cluster names no broker ${leader}`)
    const broker = await this.#broker(address.host, address.port)
    return this.#call(broker, produceCall(parts, this.#settings.requestTimeoutMs))
  }

  /** Ends every connection once it has nothing under way. */
  async close(): Promise<void> {
    await Promise.all([...this.#brokers.values()].map((broker) => broker.disconnect()))
    for (const socket of this.#sockets) socket.destroy(closed())
  }

  /** Ends every connection; what is under way is rejected. */
  abandon(): void {
    // By an error: kafkajs does not look whether a socket has been closed.
    for (const socket of this.#sockets) socket.destroy(closed())
  }

  async #broker(host: string, port: number): Promise<Broker> {
    const name = `${host}:${port}`
    const broker = this.#brokers.get(name) ?? (await this.#connect(host, port))
    this.#brokers.set(name, broker)
    return broker
  }

  async #call<Answer>(broker: Broker | undefined, call: Call<Answer>): Promise<Answer> {
    // kafkajs would connect again, and forget that there was a password to give.
    if (broker?.connectionPool.isConnected() !== true) throw closed()
    return (await broker.connectionPool.send(call)) as Answer
  }

  async #connect(host: string, port: number): Promise<Broker> {
    const { tls: ssl, sasl, clientId, requestTimeoutMs: requestTimeout } = this.#settings
    const logger = loggers.createLogger({ level: 0, logCreator: () => () => undefined })
    const connectionPool = new ConnectionPool({
      ...{ host, port, ssl, clientId, logger, requestTimeout, socketFactory: this.#socket },
      // kafkajs keeps what it derives in the object.
      ...(sasl && { sasl: { ...sasl } }),
      connectionTimeout: Math.min(requestTimeout, 5_000),
      enforceRequestTimeout: true,
    })
    for (const connection of connectionPool.pool) {
      const { requestQueue, send } = connection
      connection.send = async (call) => {
        try {
          return await send.call(connection, call)
        } catch (error) {
          this.#isCutOff = asError(error).name !== 'KafkaJSProtocolError'
          throw error
        }
      }
      const schedule = requestQueue.scheduleCheckPendingRequests
      // It would ask for a timer in the past when nothing waits, of which Node 24 warns.
      requestQueue.scheduleCheckPendingRequests = () => {
        if (requestQueue.pending.length > 0) schedule.call(requestQueue)
      }
    }
    const broker = new Broker({ connectionPool, logger })
    await broker.connect()
    return broker
  }

  readonly #socket = ({ host, port, onConnect }: { host: string; port: number; onConnect: () => void }) => {
    const { tls } = this.#settings
    const socket = tls
      ? tlsConnect({ host, port, ...(isIP(host) === 0 && { servername: host }), ...tls }, onConnect)
      : tcpConnect({ host, port }, onConnect)
    socket.setKeepAlive(true, 60_000)
    socket.setNoDelay(true)
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }
}

const unauthenticated = (cause: Error, broker: string) =>
  new MillraceError(
    'ML_KAFKA_UNAUTHENTICATED',
    `the broker ${broker} does not let the client in (${cause.message}); look at sasl`,
    { cause },
  )

const closed = () => new Error('the connection is closed')

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, by: Math.random() }))
    .sort((a, b) => a.by - b.by)
    .map(({ item }) => item)
}
