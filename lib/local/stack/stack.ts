import { resolve } from 'node:path'
import { MillraceError } from '../../errors.js'
import { type MappingOptions, type RunningMapping, startMapping } from '../esm/index.js'
import { ensureTables, storeClient, storeEnvironment } from '../store/index.js'
import { type FunctionConfig, readService, type Service, unpack } from '../template/index.js'
import { type LogMeta, startWorker, type Worker } from '../worker/index.js'
import { type Ending, ending, together } from './ending.js'
import { type Ground, type GroundOptions, startGround } from './ground.js'
import { ensureTopics } from './topics.js'

/** How to start a stack. */
export interface StackOptions extends GroundOptions {
  /** The folder with serverless.yml, packaged. */
  readonly serviceDir: string
  /** Receives what the functions write, line by line. */
  readonly functionLog?: (line: string, meta: LogMeta) => void
  /**
   * What functions find in their environment besides, or in place of, their own variables, the store's and `KAFKA_BROKERS`.
   * Called before any function runs: a proxy before the store can be started here.
   */
  readonly functionEnvironment?: (
    ground: Ground,
  ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>
  /** Hooks of every mapping. */
  readonly mapping?: Omit<MappingOptions, 'brokers' | 'invoke' | 'log'>
}

/** A service that runs locally. */
export interface Stack extends Service, Pick<Ground, 'brokers' | 'dynamodbUrl' | 'embedded'> {
  readonly running: readonly RunningMapping[]
  /** One per function, by its deployed name. */
  readonly workers: ReadonlyMap<string, Worker>
  /** Finishes the batches in flight, then stops everything, last started first. Calling it again gives the same promise. */
  stop(): Promise<void>
}

/**
 * Runs a packaged service: Kafka, DynamoDB, its topics and tables, one process per function, and one emulated mapping for each
 * that it declares. When a part does not start, what has started is stopped.
 *
 * @throws MillraceError with the code of the part that did not start
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const region = storeEnvironment('').AWS_REGION ?? ''
  const service = readService(options.serviceDir, region)
  const end = ending()
  try {
    const ground = await startGround(options)
    await end.add(ground.stop)
    const topics = service.mappings.map(({ topic }) => topic)
    await Promise.all([ensureTopics(ground.brokers, topics), createTables(ground.dynamodbUrl, service)])
    const workers = await startWorkers(service, ground, options, end)
    const running = await startMappings(service, ground, workers, options, end)
    const { brokers, dynamodbUrl, embedded } = ground
    return { ...service, brokers, dynamodbUrl, embedded, running, workers, stop: end.stop }
  } catch (error) {
    await end.stop().catch((also: unknown) => options.log?.(String(also)))
    throw error
  }
}

/** Creates the tables of a service that the store does not have yet. @throws MillraceError `ML_STORE_UNREACHABLE` or `ML_STORE_FAILED` */
export async function createTables(dynamodbUrl: string, { tables }: Pick<Service, 'tables'>): Promise<void> {
  const client = storeClient(dynamodbUrl)
  try {
    await ensureTables(client, tables)
  } finally {
    client.destroy()
  }
}

async function startWorkers(
  { functions }: Service,
  ground: Ground,
  options: StackOptions,
  end: Ending,
): Promise<ReadonlyMap<string, Worker>> {
  const shared = {
    ...storeEnvironment(ground.dynamodbUrl),
    KAFKA_BROKERS: ground.brokers.join(','),
    ...(await options.functionEnvironment?.(ground)),
  }
  const workers = new Map<string, Worker>()
  for (const config of functions) {
    const worker = await workerOf(config, shared, options)
    workers.set(config.name, worker)
    await end.add(() => worker.stop())
  }
  return workers
}

async function workerOf(
  { key, name, handler, timeoutMs, memoryMb, environment, zip }: FunctionConfig,
  shared: Readonly<Record<string, string>>,
  { serviceDir, functionLog: log }: StackOptions,
): Promise<Worker> {
  const dir = resolve(serviceDir, '.millrace', 'functions', key)
  await unpack(zip, dir)
  const own = { ...environment, ...shared }
  return startWorker({
    functionName: name,
    handler,
    dir,
    environment: own,
    timeoutMs,
    memoryMb,
    ...(log ? { log } : {}),
  })
}

async function startMappings(
  { mappings }: Service,
  { brokers }: Ground,
  workers: ReadonlyMap<string, Worker>,
  { mapping: hooks, log }: StackOptions,
  end: Ending,
): Promise<readonly RunningMapping[]> {
  const running: RunningMapping[] = []
  // All at once: each may have to wait for its batch in flight.
  await end.add(() => together(running.map((one) => one.stop())))
  for (const config of mappings) {
    const worker = workers.get(config.functionName)
    if (!worker) throw new MillraceError('ML_LOCAL_TEMPLATE', `no function ${config.functionName} for ${config.id}`)
    const invoke: MappingOptions['invoke'] = (event) => worker.invoke(event)
    running.push(await startMapping(config, { brokers, invoke, ...hooks, ...(log ? { log } : {}) }))
  }
  return running
}
