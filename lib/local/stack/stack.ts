import { resolve } from 'node:path'
import { MillraceError } from '../../errors.js'
import { type MappingOptions, type RunningMapping, startMapping } from '../esm/index.js'
import { ensureTables, storeClient, storeEnvironment } from '../store/index.js'
import { type FunctionConfig, readService, type Service, unpack } from '../template/index.js'
import { type Inspector, type LogMeta, startWorker, type Worker } from '../worker/index.js'
import { codeFolder } from './code.js'
import { type Ending, ending, together } from './ending.js'
import { type Ground, type GroundOptions, startGround } from './ground.js'
import { ensureTopics } from './topics.js'

/** How to start a stack. */
export interface StackOptions extends GroundOptions, ServiceOptions {}

/** How to run a service. */
export interface ServiceOptions {
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
  /** Runs each function under Node's inspector: the first at this port, the next at the next one; 0 takes any free ones. */
  readonly inspectPort?: number
  /** Told where an inspector listens. */
  readonly onInspector?: (inspector: Inspector) => void
  /** Takes a line for what a developer should know. */
  readonly log?: (line: string) => void
  /** Hooks of every mapping. */
  readonly mapping?: Omit<MappingOptions, 'brokers' | 'invoke' | 'log'>
}

/** The functions and mappings of a service that run. */
export interface RunningService extends Service {
  readonly running: readonly RunningMapping[]
  /** One per function, by its deployed name. */
  readonly workers: ReadonlyMap<string, Worker>
  /** Finishes the batches in flight, then stops everything, last started first. Calling it again waits for the same end. */
  stop(): Promise<void>
}

/** A service that runs locally, with the Kafka and the DynamoDB that it runs on, which end with it where they are embedded. */
export interface Stack extends RunningService, Pick<Ground, 'brokers' | 'dynamodbUrl' | 'embedded'> {}

/**
 * Runs a packaged service: Kafka, DynamoDB, its topics and tables, its functions, and one emulated mapping for each that it
 * declares. When a part does not start, what has started is stopped.
 *
 * @throws MillraceError with the code of the part that did not start
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const end = ending()
  try {
    const service = readPackaged(options.serviceDir)
    const ground = await startGround(options)
    await end.add('the ground', ground.stop)
    const running = await startService(service, ground, options)
    await end.add('the service', running.stop)
    const { brokers, dynamodbUrl, embedded } = ground
    return { ...running, brokers, dynamodbUrl, embedded, stop: end.stop }
  } catch (error) {
    await end.stop().catch((also: unknown) => options.log?.(String(also)))
    throw error
  }
}

/** The service as it is packaged in a folder. @throws MillraceError `ML_LOCAL_TEMPLATE`, `ML_LOCAL_MAPPING_UNSUPPORTED` */
export const readPackaged = (serviceDir: string): Service =>
  readService(serviceDir, storeEnvironment('').AWS_REGION ?? '')

/** Runs a service on a ground that runs. When a part does not start, what has started is stopped. */
export async function startService(service: Service, ground: Ground, options: ServiceOptions): Promise<RunningService> {
  const end = ending()
  try {
    const topics = service.mappings.map(({ topic }) => topic)
    await Promise.all([ensureTopics(ground.brokers, topics), createTables(ground.dynamodbUrl, service)])
    const workers = await startWorkers(service, ground, options, end)
    const running = await startMappings(service, ground, workers, options, end)
    return { ...service, running, workers, stop: end.stop }
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
  options: ServiceOptions,
  end: Ending,
): Promise<ReadonlyMap<string, Worker>> {
  const shared = {
    ...storeEnvironment(ground.dynamodbUrl),
    KAFKA_BROKERS: ground.brokers.join(','),
    ...(await options.functionEnvironment?.(ground)),
  }
  const workers = new Map<string, Worker>()
  for (const [index, config] of functions.entries()) {
    const worker = await workerOf(config, shared, options, index)
    workers.set(config.name, worker)
    await end.add(config.name, () => worker.stop())
  }
  return workers
}

async function workerOf(
  { key, name, handler, timeoutMs, memoryMb, concurrency, environment, zip }: FunctionConfig,
  shared: Readonly<Record<string, string>>,
  { serviceDir, functionLog, inspectPort, onInspector }: ServiceOptions,
  index: number,
): Promise<Worker> {
  const dir = codeFolder(serviceDir, key, 1)
  await unpack(zip, dir)
  return startWorker({
    functionName: name,
    handler,
    dir,
    environment: { ...environment, ...shared },
    timeoutMs,
    memoryMb,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(inspectPort === undefined ? {} : { inspectPort: inspectPort && inspectPort + index }),
    ...(onInspector ? { onInspector } : {}),
    ...(functionLog ? { log: functionLog } : {}),
  })
}

async function startMappings(
  { mappings }: Service,
  { brokers }: Ground,
  workers: ReadonlyMap<string, Worker>,
  { mapping: hooks, log, serviceDir }: ServiceOptions,
  end: Ending,
): Promise<readonly RunningMapping[]> {
  const destinationDir = resolve(serviceDir, '.millrace', 'destinations')
  const running: RunningMapping[] = []
  // All at once: each may have to wait for its batch in flight.
  await end.add('the mappings', () => together(running.map((one) => one.stop())))
  for (const config of mappings) {
    const worker = workers.get(config.functionName)
    if (!worker) throw new MillraceError('ML_LOCAL_TEMPLATE', `no function ${config.functionName} for ${config.id}`)
    const invoke: MappingOptions['invoke'] = (event) => worker.invoke(event)
    running.push(await startMapping(config, { brokers, invoke, destinationDir, ...hooks, ...(log ? { log } : {}) }))
  }
  return running
}
