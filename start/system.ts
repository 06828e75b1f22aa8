import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Kafka } from 'kafkajs'
import { MillraceError } from '../lib/errors.js'
import type { Attempt, RunningMapping } from '../lib/local/esm/index.js'
import {
  type Ending,
  type Ground,
  type RunningService,
  readPackaged,
  startGround,
  startService,
} from '../lib/local/stack/index.js'
import { storeClient, storeEnvironment } from '../lib/local/store/index.js'
import type { LogMeta } from '../lib/local/worker/index.js'
import { type Exchange, startStoreProxy } from '../lib/testing/faults/index.js'
import { emptyTables, emptyTopic } from './empty.js'
import { kafkaClient } from './kafka.js'
import { type Prepared, partitions, serviceDir } from './prepare.js'

/** What runs, and plain clients that look at it from outside, past the proxy. */
export interface System {
  /** Of the version that runs. */
  readonly mapping: RunningMapping
  readonly ground: Ground
  /** Stops the functions and mappings when they have finished what is in flight, and starts them with these variables besides. */
  deployAgain(variables: Readonly<Record<string, string>>): Promise<void>
  readonly kafka: Kafka
  readonly store: DynamoDBClient
  /** Of the function, while one lives. */
  readonly workerPid: () => number | undefined
  /** Of the processes that were started for it, beside the function's. */
  readonly pids: readonly number[]
  /** What it runs on, for people. */
  readonly description: string
}

export interface SystemHooks {
  readonly onLine: (line: string, meta: LogMeta) => void
  readonly onBatch: (attempt: Attempt, store: DynamoDBClient) => void
  /** Told of what the store has answered, before the function is. */
  readonly onExchange: (exchange: Exchange) => void
  /** What the function finds in its environment besides. */
  readonly environment?: Readonly<Record<string, string>>
  /** As of the mapping. */
  readonly retryBackoffMs?: () => number
  readonly log: (line: string) => void
}

/**
 * Starts the whole stack, with a fault proxy between the function and its store.
 *
 * @throws MillraceError of the stack, `ML_START_NOT_EMPTY`
 */
export async function startSystem(
  { target, rule }: Pick<Prepared, 'target' | 'rule'>,
  hooks: SystemHooks,
  stopLater: Ending,
): Promise<System> {
  const { onLine, onBatch, onExchange, log, environment, retryBackoffMs } = hooks
  let clients: { kafka: Kafka; store: DynamoDBClient } | undefined

  /** Between the ground and the function: topic and tables exist by now, and nothing reads them yet. */
  async function beforeFunctions({ brokers, dynamodbUrl }: Ground): Promise<Record<string, string>> {
    const store = storeClient(dynamodbUrl)
    await stopLater.add("the verifier's store client", () => store.destroy())
    const kafka = kafkaClient(brokers, log)
    await emptyTables(store, Object.values(target.tables))
    await emptyTopic(kafka, target.mapping, partitions)
    const proxy = await startStoreProxy({ target: dynamodbUrl, rule, onExchange })
    await stopLater.add('the fault proxy', proxy.stop)
    clients = { kafka, store }
    return { ...storeEnvironment(proxy.url), ...environment }
  }

  const service = readPackaged(serviceDir)
  const ground = await startGround({ log })
  await stopLater.add('the ground', ground.stop)
  let variables: Readonly<Record<string, string>> | undefined
  let running: RunningService | undefined
  await stopLater.add('the service', () => running && stopService(running))

  async function start(more: Readonly<Record<string, string>>): Promise<RunningMapping> {
    running = await startService(service, ground, {
      serviceDir,
      log,
      functionLog: onLine,
      functionEnvironment: async () => {
        variables ??= await beforeFunctions(ground)
        return { ...variables, ...more }
      },
      mapping: {
        onBatch: (attempt) => clients && onBatch(attempt, clients.store),
        ...(retryBackoffMs ? { retryBackoffMs } : {}),
      },
    })
    const mapping = running.running.find(({ config }) => config.id === target.mapping.id)
    if (mapping !== undefined) return mapping
    throw new MillraceError('ML_LOCAL_STOPPED', `the mapping ${target.mapping.id} did not start; look at the log`)
  }

  let mapping = await start({})
  if (clients === undefined) throw new MillraceError('ML_LOCAL_STOPPED', 'no function was started; look at the log')
  const { store } = ground.embedded
  return {
    ...clients,
    ground,
    get mapping() {
      return mapping
    },
    async deployAgain(more) {
      await running?.stop()
      mapping = await start(more)
    },
    workerPid: () => running?.workers.get(target.fn.name)?.pid,
    pids: store ? [store.pid] : [],
    description: describe(ground),
  }
}

/** Does not wait for what is in flight: when a run was broken off, nobody wants it any more. */
async function stopService(service: RunningService): Promise<void> {
  await Promise.all([service.stop(), ...[...service.workers.values()].map((worker) => worker.stop())])
}

function describe({ embedded, brokers, dynamodbUrl }: Ground): string {
  const kafka = embedded.broker ? 'an embedded Kafka broker' : `Kafka at ${brokers.join(', ')}`
  const { store } = embedded
  return `${kafka} and ${store ? `an embedded DynamoDB (${store.engine})` : `DynamoDB at ${dynamodbUrl}`}`
}
