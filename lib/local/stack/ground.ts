import { startBroker } from '../broker/index.js'
import { type Engine, startStore } from '../store/index.js'
import { ending } from './ending.js'

/** Which Kafka and which DynamoDB to use. */
export interface GroundOptions {
  /** `host:port`, several joined by commas. Default: `KAFKA_BROKERS`, and without it an embedded broker. */
  readonly brokers?: string
  /** Default: `AWS_ENDPOINT_URL_DYNAMODB`, then `AWS_ENDPOINT_URL`, and without them an embedded store. */
  readonly dynamodbUrl?: string
  /** True: what the environment names is not looked at. Default false. */
  readonly ignoreEnvironment?: boolean
  /** Ports of the embedded parts. Default 0: any free ones. */
  readonly ports?: { readonly broker?: number; readonly dynamodb?: number }
  /** Directory that keeps what the embedded broker has acknowledged. Default: memory. */
  readonly dataDir?: string
  /** Takes a line for what a developer should know. */
  readonly log?: (line: string) => void
}

/** Kafka and DynamoDB, embedded or elsewhere. */
export interface Ground {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  readonly dynamodbUrl: string
  /** What was started for it; nothing where the other end is somebody else's. */
  readonly embedded: { readonly broker: boolean; readonly store?: { readonly engine: Engine; readonly pid: number } }
  /** Stops what was started. Calling it again does no harm. */
  stop(): Promise<void>
}

/**
 * Starts what neither the options nor the environment name: a real Kafka or DynamoDB takes the place of the embedded one with
 * no other change.
 *
 * @throws MillraceError `ML_LOCAL_PORT_IN_USE`, `ML_LOCAL_STORE_MISSING`, `ML_OPTION_INVALID`
 */
export async function startGround(options: GroundOptions = {}, env: NodeJS.ProcessEnv = process.env): Promise<Ground> {
  const { ports = {}, log } = options
  const named = options.ignoreEnvironment ? {} : env
  const brokers = options.brokers || named.KAFKA_BROKERS
  const dynamodbUrl = options.dynamodbUrl || named.AWS_ENDPOINT_URL_DYNAMODB || named.AWS_ENDPOINT_URL
  const end = ending()
  try {
    const broker = brokers
      ? undefined
      : await startBroker({
          port: ports.broker ?? 0,
          ...(log ? { log } : {}),
          ...(options.dataDir ? { dataDir: options.dataDir } : {}),
        })
    if (broker) await end.add('the broker', () => broker.stop())
    const store = dynamodbUrl ? undefined : await startStore({ port: ports.dynamodb ?? 0 })
    if (store) await end.add('the store', () => store.stop())
    return {
      brokers: broker ? [broker.address] : splitList(brokers ?? ''),
      dynamodbUrl: store?.url ?? dynamodbUrl ?? '',
      embedded: { broker: broker !== undefined, ...(store ? { store: { engine: store.engine, pid: store.pid } } : {}) },
      stop: end.stop,
    }
  } catch (error) {
    await end.stop().catch((also: unknown) => log?.(String(also)))
    throw error
  }
}

const splitList = (text: string): string[] => text.split(',').flatMap((entry) => entry.trim() || [])
