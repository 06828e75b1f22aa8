import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { build } from 'esbuild'
import { type Deployment, readDeployment, writeDeployment } from '../../../lib/deployment/index.js'
import { MillraceError } from '../../../lib/errors.js'
import { ending, readPackaged } from '../../../lib/local/stack/index.js'
import { ensureTables, startStore, storeClient, storeEnvironment } from '../../../lib/local/store/index.js'
import { packageService, unpack } from '../../../lib/local/template/index.js'
import { type RuntimeProgram, startWorker, type Worker, type WorkerOptions } from '../../../lib/local/worker/index.js'
import { root } from '../../../tools/project.js'
import { config } from '../../bundle/esbuild.js'

const handlers = join(root, 'infra/real/lambda/handlers')

/** The mapping of the lane's own functions, whose records name what goes wrong. */
export const faulty = { topic: 'faulty', group: 'faulty', partialResponses: true, withholds: false } as const

/** Where the lane's own function counts how often each record took effect. */
const effectsTable = {
  TableName: 'lambda-lane-effects',
  KeySchema: [{ AttributeName: 'orderId', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'orderId', AttributeType: 'S' }],
  BillingMode: 'PAY_PER_REQUEST',
} as const satisfies CreateTableCommandInput

/** A function under Lambda's runtime client, and what it has written. */
export interface Running {
  readonly worker: Worker
  readonly lines: readonly string[]
}

/** How one of the lane's own handlers is bundled and run. */
export interface HandlerOptions {
  /** As of esbuild; what is not given is as in any service. */
  readonly bundle?: Readonly<Record<string, unknown>>
  /** Of the bundle's file. Default `.cjs`. */
  readonly extension?: string
  /** Seconds. Default 30. */
  readonly timeout?: number
}

/** A store with the tables of the packaged project, and functions to run on it. */
export interface Ground {
  readonly client: DynamoDBClient
  readonly deployment: Deployment
  readonly effectsTable: string
  readonly ordersTables: { readonly orders: string; readonly balances: string }
  /** The project's own function `orders`, from the zip that `serverless package` wrote. */
  orders(): Promise<Running>
  /** One of `handlers/`, bundled as a service's functions are. */
  handler(name: string, options?: HandlerOptions): Promise<Running>
  /** Stops the functions and the store. */
  stop(): Promise<void>
}

/** Packages the project and starts what its function needs. When a part does not start, what has started is stopped. */
export async function startGround(client: RuntimeProgram, signal: AbortSignal): Promise<Ground> {
  await packageService(root, { signal })
  const { functions, tables } = readPackaged(root)
  const orders = functions.find(({ key }) => key === 'orders')
  if (orders === undefined)
    throw new MillraceError('ML_REAL_START', 'serverless.yml of the project has no function orders')
  const end = ending()
  // Outside the project, as on Lambda: a package.json above the code would say what `.js` is.
  const home = mkdtempSync(join(tmpdir(), 'millrace-lambda-'))
  await end.add('the code', () => rmSync(home, { recursive: true, force: true }))
  try {
    const store = await startStore()
    await end.add('the store', store.stop)
    const dynamodb = storeClient(store.url)
    await end.add('the client', async () => dynamodb.destroy())
    await ensureTables(dynamodb, [...tables, effectsTable])
    const deployment = readDeployment(orders.environment)
    let handlersRun = 0
    const shared = { ...storeEnvironment(store.url), AWS_REGION: storeEnvironment(store.url).AWS_REGION ?? '' }

    const run = async (options: Omit<WorkerOptions, 'client' | 'log'>): Promise<Running> => {
      const lines: string[] = []
      const worker = startWorker({ ...options, client, log: (line) => lines.push(line) })
      await end.add(options.functionName, worker.stop)
      return { worker, lines }
    }

    return {
      client: dynamodb,
      deployment,
      effectsTable: effectsTable.TableName,
      ordersTables: {
        orders: orders.environment.ORDERS_TABLE ?? '',
        balances: orders.environment.BALANCES_TABLE ?? '',
      },
      orders: async () => {
        const dir = join(home, 'orders')
        await unpack(orders.zip, dir)
        const { name: functionName, handler, timeoutMs, memoryMb, environment } = orders
        return run({ functionName, handler, dir, timeoutMs, memoryMb, environment: { ...environment, ...shared } })
      },
      handler: async (name, { bundle = {}, extension = '.cjs', timeout = 30 } = {}) => {
        const dir = join(home, `${name}${extension}-${handlersRun++}`)
        const { outputFileExtension: _, skipRebuild: __, exclude: ___, ...options } = config()
        const entry = { entryPoints: [join(handlers, `${name}.ts`)], outfile: join(dir, `handler${extension}`) }
        await build({ ...options, external: [], ...entry, logLevel: 'silent', ...bundle })
        const environment = {
          ...writeDeployment({ ...deployment, mappings: [faulty] }),
          ...{ EFFECTS_TABLE: effectsTable.TableName, MARKS: dir, NODE_OPTIONS: '--enable-source-maps', ...shared },
        }
        const limits = { timeoutMs: timeout * 1_000, memoryMb: 512 }
        return run({ functionName: name, handler: 'handler.handler', dir, ...limits, environment })
      },
      stop: end.stop,
    }
  } catch (error) {
    await end.stop().catch(() => undefined)
    throw error
  }
}
