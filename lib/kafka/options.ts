import type { ConnectionOptions } from 'node:tls'
import { invalid, optionsOf } from '../check-option.js'
import { MillraceError, show } from '../errors.js'
import { type KafkajsSasl, type SaslOptions, saslOf } from './sasl.js'

/** TLS towards the brokers; all texts are PEM. */
export interface TlsOptions {
  /** The authorities to trust. Default: those of Node. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[]
  /** The certificate of the client, with `key` (mTLS). */
  readonly cert?: string | Buffer
  /** The private key of the client. */
  readonly key?: string | Buffer
  /** Of the private key. */
  readonly passphrase?: string
  /** The name that the brokers' certificates have. Default: the host that is connected to. */
  readonly servername?: string
}

/** How to reach a cluster, and how long to try. */
export interface KafkaConnection {
  /** `host:port` each, or separated by commas. Default: `KAFKA_BROKERS` of the environment; of a sink also those of the event. */
  readonly brokers?: string | readonly string[]
  /** `true` trusts the authorities of Node. Default: no TLS, and with MSK IAM `true`. */
  readonly tls?: boolean | TlsOptions
  /** Default: no authentication. */
  readonly sasl?: SaslOptions
  /** How the brokers know this client. Default: `AWS_LAMBDA_FUNCTION_NAME`, else `millrace`. */
  readonly clientId?: string
  /** Lets brokers that are configured so make a topic that is not there. Default false: it is an error. */
  readonly createTopics?: boolean
  /** Milliseconds that a broker may take to answer a request, 100 to 300,000. Default 10,000. */
  readonly requestTimeoutMs?: number
  /** Milliseconds from `produce` or `write` until a record that has not been acknowledged is given up, 100 to 900,000. Default 30,000. */
  readonly deliveryTimeoutMs?: number
}

interface Address {
  readonly host: string
  readonly port: number
}

/** The options with their defaults. */
export interface Connecting {
  readonly brokers: readonly Address[]
  readonly tls: ConnectionOptions | undefined
  readonly sasl: KafkajsSasl | undefined
  readonly clientId: string
  readonly createTopics: boolean
  readonly requestTimeoutMs: number
}

/** The options that need no cluster; throws at once what cannot be. */
export interface Checked extends Omit<Connecting, 'brokers'> {
  readonly deliveryTimeoutMs: number
  /** The addresses; `fromEvent` where nothing else names any. */
  brokers(fromEvent?: string): readonly Address[]
}

const known = [
  'brokers',
  'tls',
  'sasl',
  'clientId',
  'createTopics',
  'requestTimeoutMs',
  'deliveryTimeoutMs',
] as const satisfies readonly (keyof KafkaConnection)[]

/**
 * @param of whose options they are
 * @param more names of options that are read elsewhere
 * @throws MillraceError `ML_OPTION_INVALID`
 */
export function readConnection<T extends KafkaConnection>(
  of: string,
  options: T,
  more: readonly (keyof T & string)[],
): Checked {
  optionsOf<T>(of, options, [...known, ...more], `${of}({ topic: 'invoices' })`)
  const { brokers, tls, sasl, createTopics = false, requestTimeoutMs = 10_000, deliveryTimeoutMs = 30_000 } = options
  if (typeof createTopics !== 'boolean') throw invalid('createTopics', `is ${show(createTopics)}, not true or false`)
  const { ssl, sasl: said } = clientSecurity({ ...(tls !== undefined && { tls }), ...(sasl && { sasl }) })
  const given = brokers === undefined ? undefined : addressesOf(brokers, 'the option brokers')
  return {
    tls: ssl,
    sasl: said,
    clientId: options.clientId ?? process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'millrace',
    createTopics,
    requestTimeoutMs: Math.min(milliseconds('requestTimeoutMs', requestTimeoutMs, 300_000), deliveryTimeoutMs),
    deliveryTimeoutMs: milliseconds('deliveryTimeoutMs', deliveryTimeoutMs, 900_000),
    brokers: (fromEvent) => given ?? foundBrokers(fromEvent),
  }
}

/** The same for a kafkajs client that looks at the cluster, as the command line's do. @throws MillraceError `ML_OPTION_INVALID` */
export function clientSecurity({ tls, sasl }: Pick<KafkaConnection, 'tls' | 'sasl'>): {
  readonly ssl?: ConnectionOptions
  readonly sasl?: KafkajsSasl
} {
  const ssl = tlsOf(tls ?? sasl?.mechanism === 'aws')
  return { ...(ssl && { ssl }), ...(sasl && { sasl: saslOf(sasl) }) }
}

function foundBrokers(fromEvent: string | undefined): readonly Address[] {
  const { KAFKA_BROKERS } = process.env
  if (KAFKA_BROKERS) return addressesOf(KAFKA_BROKERS, 'KAFKA_BROKERS')
  if (fromEvent) return addressesOf(fromEvent, 'bootstrapServers of the event')
  throw new MillraceError(
    'ML_KAFKA_BROKERS_MISSING',
    'nothing says where Kafka is: neither the option brokers, nor KAFKA_BROKERS in the environment, nor bootstrapServers of ' +
      'an event; set one of them to host:port',
  )
}

function addressesOf(brokers: string | readonly string[], where: string): readonly Address[] {
  const names = (typeof brokers === 'string' ? brokers.split(',') : [...brokers]).map((name) => String(name).trim())
  const addresses = names.map((name) => {
    const [, host = '', port = ''] = /^(?:[a-z_]+:\/\/)?\[?([^[\]/]+?)\]?:(\d{1,5})$/i.exec(name) ?? []
    return { host, port: Number(port) }
  })
  if (addresses.length > 0 && addresses.every(({ host, port }) => host !== '' && port > 0 && port < 65_536))
    return addresses
  throw new MillraceError(
    'ML_OPTION_INVALID',
    `${where} is ${show(brokers)}; give host:port, several separated by commas`,
  )
}

function tlsOf(tls: boolean | TlsOptions): ConnectionOptions | undefined {
  if (tls === false) return undefined
  if (tls === true) return {}
  if (typeof tls !== 'object' || tls === null) throw invalid('tls', `is ${show(tls)}, not true, false or an object`)
  const { ca, cert, key, passphrase, servername } = tls
  if ((cert === undefined) !== (key === undefined)) throw invalid('tls', 'has a cert or a key; mTLS needs both')
  return {
    ...(ca !== undefined && { ca: typeof ca === 'string' || Buffer.isBuffer(ca) ? ca : [...ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
    ...(servername !== undefined && { servername }),
  }
}

function milliseconds(name: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 100 && value <= most) return value
  throw invalid(name, `is ${show(value)}, not a whole number of milliseconds from 100 to ${most}`)
}
