import { readFileSync } from 'node:fs'
import { type Command as Commander, Option } from 'commander'
import { asError } from '../errors.js'
import type { KafkaConnection } from '../kafka/index.js'
import { usage } from './voice.js'

/** How a command says who it is to Kafka. */
export interface SecurityOptions {
  readonly tls?: boolean
  /** Paths of PEM files. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly sasl?: 'plain' | 'scram-sha-256' | 'scram-sha-512' | 'aws'
}

/** Says how a command is told so. No password is an option: those are seen in the list of processes. */
export const withSecurityOptions = (command: Commander): Commander =>
  command
    .option('--tls', 'Kafka by TLS')
    .option('--ca <file>', 'PEM of the authorities that the brokers’ certificates are from (default: those of Node)')
    .option('--cert <file>', 'PEM of a certificate of one’s own (mTLS), with --key')
    .option('--key <file>', 'PEM of its private key')
    .addOption(
      new Option(
        '--sasl <mechanism>',
        'who asks, by KAFKA_USERNAME and KAFKA_PASSWORD of the environment; aws: by MSK IAM, with the credentials of AWS',
      ).choices(['plain', 'scram-sha-256', 'scram-sha-512', 'aws']),
    )

/** As the options say it. @throws MillraceError `ML_USAGE` */
export function securityOf(
  { tls, ca, cert, key, sasl }: SecurityOptions,
  env: NodeJS.ProcessEnv = process.env,
): Pick<KafkaConnection, 'tls' | 'sasl'> {
  const files = Object.entries({ ca, cert, key }).flatMap(([name, path]) =>
    path === undefined ? [] : [[name, read(name, path)] as const],
  )
  if ((cert === undefined) !== (key === undefined)) throw usage('--cert and --key go together')
  const by = sasl === undefined ? undefined : saslOf(sasl, env)
  return { ...(files.length > 0 ? { tls: Object.fromEntries(files) } : tls && { tls }), ...(by && { sasl: by }) }
}

function saslOf(mechanism: NonNullable<SecurityOptions['sasl']>, env: NodeJS.ProcessEnv): KafkaConnection['sasl'] {
  if (mechanism === 'aws') return { mechanism }
  const { KAFKA_USERNAME: username, KAFKA_PASSWORD: password } = env
  if (username && password) return { mechanism, username, password }
  throw usage(`--sasl ${mechanism} needs KAFKA_USERNAME and KAFKA_PASSWORD in the environment`)
}

function read(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw usage(`--${name} ${path} cannot be read: ${asError(error).message}`)
  }
}
