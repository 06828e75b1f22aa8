import type { CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { nonEmpty, optionsOf } from '../../check-option.js'
import { failuresTable, ledgerTable, type Mapping, writeDeployment } from '../../deployment/index.js'
import { ensureTables, startStore, storeClient } from '../../local/store/index.js'

/** What a test is deployed as. */
export interface TestDeploymentOptions {
  readonly topic: string
  /** Consumer group id. Default: the topic. */
  readonly group?: string
  /** Whether the mapping has `ReportBatchItemFailures`. Default true. */
  readonly partialResponses?: boolean
  /** Whether the mapping may withhold records (filter, record age, schema registry). Default false. */
  readonly withholds?: boolean
  /** Tables of the function's own, created beside the framework's. */
  readonly tables?: readonly CreateTableCommandInput[]
}

/** A deployment that lives as long as a test. */
export interface TestDeployment {
  /** Which local store runs: dynoxide, or dynalite where that has no build for the platform. */
  readonly engine: 'dynoxide' | 'dynalite'
  /** A client of its store. */
  readonly client: DynamoDBClient
  readonly ledgerTable: string
  readonly failuresTable: string
  /** Stops the store and gives the environment back as it was. */
  stop(): Promise<void>
}

const known = ['topic', 'group', 'partialResponses', 'withholds', 'tables'] as const

/**
 * Deploys for a test: a real local store with the tables of the framework and your own, and the environment variables that a
 * deployment sets, in this process.
 *
 * @throws MillraceError `ML_OPTION_INVALID`, `ML_LOCAL_STORE_MISSING`
 *
 * @example
 * ```ts
 * import { kafkaFunction, retry } from 'millrace'
 * import { invoke, kafkaEvent, testDeployment } from 'millrace/testing'
 *
 * const handler = kafkaFunction({}, (record) => (record.key === 'bad' ? retry('not now') : undefined))
 * const deployment = await testDeployment({ topic: 'orders' })
 * const event = kafkaEvent({ topic: 'orders', records: [{ key: 'good', value: 1 }, { key: 'bad', value: 2 }] })
 * console.log(JSON.stringify(await invoke(handler, event)))
 * await deployment.stop()
 * ```
 */
export async function testDeployment(options: TestDeploymentOptions): Promise<TestDeployment> {
  const example = "testDeployment({ topic: 'orders' })"
  const { topic, ...others } = optionsOf('testDeployment', options, known, example)
  nonEmpty('topic of testDeployment', topic, example)
  const { group = topic, partialResponses = true, withholds = false, tables = [] } = others
  const store = await startStore()
  const client = storeClient(store.url)
  const names = { ledgerTable: 'test-ledger', failuresTable: 'test-failures' }
  await ensureTables(client, [ledgerTable(names.ledgerTable), failuresTable(names.failuresTable), ...tables])
  const mappings: Mapping[] = [{ topic, group, partialResponses, withholds }]
  const giveBack = setEnvironment({
    ...writeDeployment({ ...names, mappings }),
    AWS_ENDPOINT_URL_DYNAMODB: store.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  })
  return {
    engine: store.engine,
    client,
    ...names,
    async stop() {
      giveBack()
      client.destroy()
      await store.stop()
    },
  }
}

function setEnvironment(variables: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, variables)
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}
