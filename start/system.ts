import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBroker } from '../lib/local/broker/index.js'
import { type Attempt, type RunningMapping, startMapping } from '../lib/local/esm/index.js'
import { ensureTables, startStore, storeClient, storeEnvironment } from '../lib/local/store/index.js'
import { type Service, unpack } from '../lib/local/template/index.js'
import { type LogMeta, startWorker } from '../lib/local/worker/index.js'
import type { Cleanup } from './cleanup.js'
import type { Target } from './target.js'

/** Kafka and DynamoDB: embedded, or those that the environment names. */
export interface Ground {
  readonly brokers: readonly string[]
  readonly storeUrl: string
  /** For people. */
  readonly description: string
  /** Processes that were started for it. */
  readonly pids: readonly number[]
}

/** Starts what the environment does not name. */
export async function startGround(stopLater: Cleanup, log: (line: string) => void): Promise<Ground> {
  const { KAFKA_BROKERS: named, AWS_ENDPOINT_URL_DYNAMODB: endpoint } = process.env
  const pids: number[] = []
  let [brokers, kafka] = [named?.split(',') ?? [], `Kafka at ${named}`]
  if (!named) {
    const broker = await startBroker({ log })
    stopLater.add('the broker', () => broker.stop())
    ;[brokers, kafka] = [[`127.0.0.1:${broker.port}`], 'an embedded Kafka broker']
  }
  let [storeUrl, dynamodb] = [endpoint ?? '', `DynamoDB at ${endpoint}`]
  if (!endpoint) {
    const store = await startStore()
    stopLater.add('the store', () => store.stop())
    pids.push(store.pid)
    ;[storeUrl, dynamodb] = [store.url, `an embedded DynamoDB (${store.engine})`]
  }
  return { brokers, storeUrl, description: `${kafka}, ${dynamodb}`, pids }
}

/** Creates the tables of a service that do not exist yet. */
export async function createTables(storeUrl: string, service: Service): Promise<void> {
  const client = storeClient(storeUrl)
  try {
    await ensureTables(client, service.tables)
  } finally {
    client.destroy()
  }
}

export interface MappingStart {
  readonly target: Target
  readonly brokers: readonly string[]
  /** What the function is told of DynamoDB. */
  readonly storeUrl: string
  readonly onLine: (line: string, meta: LogMeta) => void
  readonly onBatch: (attempt: Attempt) => void
  readonly log: (line: string) => void
}

/** Runs the function's bundle behind its mapping. */
export async function runMapping(stopLater: Cleanup, options: MappingStart): Promise<RunningMapping> {
  const { fn, mapping } = options.target
  const dir = await mkdtemp(join(tmpdir(), 'millrace-start-'))
  stopLater.add('the unpacked code', () => rm(dir, { recursive: true, force: true }))
  await unpack(fn.zip, dir)
  const worker = startWorker({
    functionName: fn.name,
    handler: fn.handler,
    dir,
    environment: { ...fn.environment, ...storeEnvironment(options.storeUrl) },
    timeoutMs: fn.timeoutMs,
    memoryMb: fn.memoryMb,
    log: options.onLine,
  })
  stopLater.add('the worker', () => worker.stop())
  const { brokers, onBatch, log } = options
  const running = await startMapping(mapping, { brokers, invoke: (event) => worker.invoke(event), onBatch, log })
  // Together: the mapping would wait for what is in flight, which nobody wants any more.
  stopLater.add('the mapping', () => Promise.all([running.stop(), worker.stop()]))
  return running
}
