import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { StackFacts, StackFunction } from '../../deployment/index.js'
import { storeClient } from '../../local/store/index.js'
import { callLimits } from '../call-limits.js'
import { usage } from '../voice.js'
import type { TargetOptions } from './options.js'
import { readLocalRun } from './running.js'
import { stackOfService } from './service.js'
import { factsOfStack } from './stack.js'

/** Where mappings are switched: by the `millrace dev` that runs them, or by the Lambda of the stack's region. */
export type MappingsPlace =
  | { readonly kind: 'local'; readonly url: string }
  | { readonly kind: 'deployed'; readonly stack: string; readonly region: string | undefined }

/** The stack that a command works on. */
export interface Target {
  /** For people: `millrace dev`, or the name of the stack. */
  readonly place: string
  /** @throws MillraceError `ML_USAGE` where only the other table was named */
  readonly ledgerTable: string
  /** @throws MillraceError `ML_USAGE` where only the other table was named */
  readonly failuresTable: string
  /** What its functions read; none where tables were named and no stack. */
  readonly functions: readonly StackFunction[]
  /** `host:port` each. @throws MillraceError `ML_USAGE` where they are not known */
  readonly brokers: readonly string[]
  /** `host:port` each of the Kafka that a function reads; none where they are not known. */
  brokersOf(reads: StackFunction): readonly string[]
  /** @throws MillraceError `ML_USAGE` where tables were named, or the `millrace dev` is of an older release */
  readonly mappings: MappingsPlace
  readonly client: DynamoDBClient
  /** Closes the client. */
  close(): void
}

/** What was found, before options take the place of parts of it. */
interface Found extends Partial<StackFacts> {
  readonly place: string
  readonly functions: readonly StackFunction[]
  readonly brokers?: readonly string[]
  readonly mappings?: MappingsPlace
  readonly client: () => DynamoDBClient
}

/**
 * Finds the stack: the tables that are named; else the stack of `--stage` or `--stack`; else the `millrace dev` that
 * runs in this folder.
 *
 * @throws MillraceError `ML_USAGE`, `ML_LOCAL_TEMPLATE`, `ML_STACK_MISSING`, `ML_STACK_UNREACHABLE`
 */
export async function findTarget(options: TargetOptions, serviceDir = '.', env = process.env): Promise<Target> {
  const found = named(options) ?? running(options, serviceDir) ?? (await deployed(options, serviceDir))
  const client = options.endpoint ? storeClient(options.endpoint, callLimits) : found.client()
  const said = listed(options.brokers) ?? listed(env.KAFKA_BROKERS)
  const brokers = said ?? found.brokers
  return {
    place: found.place,
    get ledgerTable() {
      return required(found.ledgerTable, 'which ledger table? Give --ledger-table')
    },
    get failuresTable() {
      return required(found.failuresTable, 'which failures table? Give --failures-table')
    },
    get brokers() {
      return required(brokers, `${found.place} does not say where its Kafka is; give --brokers`)
    },
    brokersOf: (reads) => said ?? reads.brokers,
    get mappings() {
      return required(
        found.mappings,
        `${found.place} does not say where its mappings are; start \`millrace dev\` of this release, or give --stage or --stack`,
      )
    },
    functions: found.functions,
    client,
    close: () => client.destroy(),
  }
}

function named({ ledgerTable, failuresTable, region, stage, stack }: TargetOptions): Found | undefined {
  if (ledgerTable === undefined && failuresTable === undefined) return undefined
  if (stage !== undefined || stack !== undefined)
    throw usage('--stage and --stack find a stack and its tables; give them, or the tables by name, not both')
  const names = { ...(ledgerTable && { ledgerTable }), ...(failuresTable && { failuresTable }) }
  return { place: Object.values(names).join(', '), ...names, functions: [], client: () => awsClient(region) }
}

function running({ stage, stack }: TargetOptions, serviceDir: string): Found | undefined {
  const run = stage === undefined && stack === undefined ? readLocalRun(serviceDir) : undefined
  if (run === undefined) return undefined
  const { lambdaUrl: url } = run
  return {
    ...run,
    place: 'millrace dev',
    ...(url && { mappings: { kind: 'local', url } as const }),
    client: () => storeClient(run.dynamodbUrl, callLimits),
  }
}

async function deployed({ stage, region, stack }: TargetOptions, serviceDir: string): Promise<Found> {
  // What is deployed is never meant without a word of it: where `millrace dev` has died, a discard would be its failures'.
  if (stage === undefined && stack === undefined)
    throw usage(
      'no `millrace dev` runs in this folder; start it, or give --stage for what is deployed (or --stack, or tables by name with --ledger-table and --failures-table)',
    )
  const place =
    stack === undefined
      ? await stackOfService(serviceDir, { ...(stage && { stage }), ...(region && { region }) })
      : { stack, region }
  const facts = await factsOfStack(place)
  const [first, ...others] = new Set(facts.functions.map(({ brokers }) => brokers.join(',')))
  return {
    ...facts,
    place: `the stack ${place.stack}`,
    mappings: { kind: 'deployed', ...place },
    // Where functions read from several clusters, only the option can tell.
    ...(first && others.length === 0 && { brokers: first.split(',') }),
    client: () => awsClient(place.region),
  }
}

/** What reads or empties a whole table outruns its capacity: a throttle is waited out, up to a minute. */
const awsClient = (region: string | undefined): DynamoDBClient =>
  new DynamoDBClient({ ...(region && { region }), requestHandler: callLimits, maxAttempts: 10 })

function listed(text = ''): readonly string[] | undefined {
  const list = text.split(',').flatMap((one) => one.trim() || [])
  return list.length > 0 ? list : undefined
}

function required<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw usage(message)
  return value
}
