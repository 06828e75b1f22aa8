import { MillraceError, show } from '../../errors.js'
import { minSessionMs as defaultMinSessionMs, maxSessionMs } from './group/coordinator.js'
import type { SaslSettings } from './sasl/index.js'

/** What clients may take of the broker's machine. */
export interface Limits {
  /** Connections open at a time, 1 to 100000; those beyond are closed at once. Default 1000. */
  maxConnections: number
  /** Longest request, 1 KiB to 1 GiB, in bytes. Default 100 MiB, as in Kafka (socket.request.max.bytes). */
  maxRequestBytes: number
  /**
   * Bytes of requests that all clients together have sent and that are incomplete or not answered yet; beyond them the
   * connection that holds most is closed. `maxRequestBytes` to 16 GiB. Default: four of the longest requests.
   */
  maxHeldBytes: number
  /** Milliseconds without a byte after which a connection that waits for no answer is closed, up to a day. Default 10 minutes, as in Kafka. */
  maxIdleMs: number
}

/** How to start a broker; every field has a default. */
export interface BrokerOptions extends Partial<Limits> {
  /** Address to listen on. Default `127.0.0.1`: reachable from this machine only. */
  host?: string
  /** Port, 0 to 65535. Default 0: any free one, told by the broker's `port`. */
  port?: number
  /** Create a topic when a client asks for one that does not exist. Default true. */
  autoCreateTopics?: boolean
  /** Partitions of a topic created without a number, 1 to 10000. Default 4. */
  defaultPartitions?: number
  /** Shortest session time-out that a member of a group may ask for, 1 to 1800000 ms. Default 6000, as in Kafka (group.min.session.timeout.ms). */
  minSessionMs?: number
  /**
   * Directory that keeps everything the broker has acknowledged, over the death of its process (not of the machine). Made if it
   * is not there; one broker at a time. Default: everything is kept in memory, and gone when the broker stops.
   */
  dataDir?: string
  /** Asks clients who they are, by PLAIN, SCRAM or OAUTHBEARER (without TLS). Default: everybody is let in. */
  sasl?: SaslSettings
  /** Takes a line for what a developer should know: connections closed for a fault, settings not applied. Default: none. */
  log?: (line: string) => void
}

/** The options with their defaults. */
export type Settings = Required<Omit<BrokerOptions, keyof Limits | 'dataDir' | 'sasl'>> &
  Pick<BrokerOptions, 'dataDir'> & { readonly sasl: SaslSettings | undefined; readonly limits: Limits }

export function checkOptions(options: BrokerOptions): Settings {
  const { host = '127.0.0.1', port = 0, autoCreateTopics = true, defaultPartitions = 4 } = options
  const { minSessionMs = defaultMinSessionMs } = options
  checkRange('port', port, 0, 65_535)
  checkRange('defaultPartitions', defaultPartitions, 1, 10_000)
  checkRange('minSessionMs', minSessionMs, 1, maxSessionMs)
  const limits = checkLimits(options)
  const { dataDir, sasl, log = () => undefined } = options
  if (dataDir === '') throw new MillraceError('ML_OPTION_INVALID', "the broker's dataDir is empty; give a directory")
  const settings = { host, port, autoCreateTopics, defaultPartitions, minSessionMs, limits, sasl, log }
  return { ...settings, ...(dataDir !== undefined && { dataDir }) }
}

function checkLimits(options: BrokerOptions): Limits {
  const { maxConnections = 1000, maxRequestBytes = 100 * 1024 * 1024, maxIdleMs = 600_000 } = options
  const { maxHeldBytes = 4 * maxRequestBytes } = options
  checkRange('maxConnections', maxConnections, 1, 100_000)
  checkRange('maxRequestBytes', maxRequestBytes, 1024, 1024 ** 3)
  checkRange('maxHeldBytes', maxHeldBytes, maxRequestBytes, 16 * 1024 ** 3)
  checkRange('maxIdleMs', maxIdleMs, 1, 86_400_000)
  return { maxConnections, maxRequestBytes, maxHeldBytes, maxIdleMs }
}

function checkRange(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw new MillraceError(
    'ML_OPTION_INVALID',
    `the broker's ${name} is ${show(value)}; give a whole number from ${min} to ${max}`,
  )
}
