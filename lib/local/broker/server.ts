import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { systemClock } from '../../clock.js'
import { MillraceError } from '../../errors.js'
import type { BrokerState } from './api/api.js'
import { serveConnection } from './connection.js'
import { type BrokerUsage, Connections } from './connections.js'
import { directoryStorage, type Facts, memoryStorage, type Storage } from './disk/index.js'
import { Coordinator } from './group/coordinator.js'
import { startRetention } from './log/retention.js'
import { Topics } from './log/topics.js'
import { type BrokerOptions, checkOptions } from './options.js'
import { Transactions } from './txn/index.js'

const nodeId = 1

/** A running broker. */
export interface Broker {
  /** The port it listens on. */
  readonly port: number
  /** What clients connect to, for example `127.0.0.1:9092`. */
  readonly address: string
  /** What clients make it hold at this moment. */
  usage(): BrokerUsage
  /** Ends waiting requests, closes every connection and, without a directory, forgets all records. Calling it again does no harm. */
  stop(): Promise<void>
}

/**
 * Starts a Kafka broker inside this process, for development and tests. It keeps everything in memory, or in a directory.
 * It speaks the protocol of Kafka 2.1 and later (kafkajs and other clients connect unmodified), with transactions and
 * idempotent producers, and with SASL where it is asked to, without static membership, compaction and access control. As in Kafka, a batch of more than
 * 1048588 bytes is refused unless its topic's `max.message.bytes` says otherwise. Other than in Kafka, records are kept
 * for as long as no `retention.bytes` or `retention.ms` is set, their number in a batch is not counted, and a topic has up to
 * 10000 partitions, all topics together 100000.
 *
 * @throws MillraceError `ML_LOCAL_PORT_IN_USE` if another process listens on the port, `ML_OPTION_INVALID` for options
 * out of range or an address that this machine does not have, `ML_LOCAL_DATA_IN_USE`, `ML_LOCAL_DATA_CORRUPT` or
 * `ML_LOCAL_DATA_FAILED` for a directory that cannot be used.
 *
 * @example
 * ```ts
 * import { startBroker } from './index.js'
 *
 * const broker = await startBroker()
 * console.log(broker.address.startsWith('127.0.0.1:')) // true
 * await broker.stop()
 * ```
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { host, port, dataDir, ...settings } = checkOptions(options)
  const storage = dataDir === undefined ? memoryStorage() : directoryStorage(dataDir, settings)
  const server = createServer()
  const state = await orClose(storage, async () => {
    const restored = newState(settings, storage)
    await listen(server, host, port).catch((error) => {
      restored.transactions.close()
      throw error
    })
    return restored
  })
  const bound = server.address() as AddressInfo // of a TCP server that listens, it is never a path
  const endRetention = startRetention(state.topics, state.timers, state.log)
  const connections = new Connections(server, settings.limits, (socket, onHeld) => {
    const node = { id: nodeId, host: advertised(host, socket), port: bound.port }
    return serveConnection(socket, state, node, onHeld)
  })
  server.on('drop', () => state.log(`broker: refused a connection: ${settings.limits.maxConnections} are open`))
  server.on('error', (error) => state.log(`broker: ${error.message}`))
  let stopping: Promise<void> | undefined
  const stop = async () => {
    const closed = once(server, 'close')
    server.close()
    connections.close()
    state.coordinator.close()
    state.transactions.close()
    endRetention()
    await closed
    storage.close()
  }
  return {
    port: bound.port,
    address: addressOf(host, bound.port),
    usage: () => connections.usage,
    stop: () => {
      stopping ??= stop()
      return stopping
    },
  }
}

/** What is open is not left open by a start that fails. */
async function orClose<T>(storage: Storage, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    storage.close()
    throw error
  }
}

type Given = Pick<BrokerState, 'limits' | 'autoCreateTopics' | 'defaultPartitions' | 'minSessionMs' | 'sasl' | 'log'>

/** The state that an earlier process has left in the storage, or a new one. */
function newState(settings: Given, storage: Storage): BrokerState {
  const { facts } = storage
  const topics = new Topics(storage)
  const coordinator = new Coordinator(systemClock, facts, settings.minSessionMs)
  const nextProducerId = producerIds(facts)
  const transactions = new Transactions({
    timers: systemClock,
    newProducerId: nextProducerId,
    log: (topic, partition) => topics.partition(topic, partition),
    offsets: (group) => coordinator.committing(group),
    facts,
    report: settings.log,
  })
  // Left where the deletion of a topic was not finished.
  const isGone = (name: string) => topics.get(name) === undefined
  transactions.forgetTopics(isGone)
  coordinator.forgetTopics(isGone)
  return {
    ...settings,
    topics,
    coordinator,
    transactions,
    timers: systemClock,
    clusterId: clusterId(facts),
    nextProducerId,
  }
}

function clusterId(facts: Facts): string {
  const kept = facts.all('cluster')[0]?.[1]
  if (typeof kept === 'string') return kept
  const id = randomBytes(16).toString('base64url')
  facts.set('cluster', 'id', id)
  return id
}

/** Gives each id once, over all the processes that the storage has seen. */
function producerIds(facts: Facts): () => bigint {
  let next = BigInt((facts.all('producer')[0]?.[1] as string | undefined) ?? 0)
  return () => {
    facts.set('producer', 'next', String(next + 1n))
    return next++
  }
}

/** Hosts that mean every address of the machine, each with one that a client on it can connect to. */
const wildcards: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** The address clients are told to connect to: behind a wildcard, the one that this client has reached. */
function advertised(host: string, socket: Socket): string {
  return host in wildcards ? (socket.localAddress ?? host).replace(/^::ffff:/, '') : host
}

function addressOf(host: string, port: number): string {
  const reachable = wildcards[host] ?? host
  return `${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  const listening = once(server, 'listening') // rejects with the first 'error'
  server.listen(port, host)
  try {
    await listening
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (reason === 'EADDRINUSE') {
      throw new MillraceError(
        'ML_LOCAL_PORT_IN_USE',
        `another process listens on ${host}:${port}; stop it, or give the broker another port (0 takes a free one)`,
        { cause },
      )
    }
    throw new MillraceError(
      'ML_OPTION_INVALID',
      `the broker cannot listen on ${host}:${port} (${reason}); give a host and port this process may use`,
      { cause },
    )
  }
}
