import { ensureTables, startStore, storeClient, storeEnvironment } from '../sides/millrace.js'
import { deploymentEnvironment, tables } from '../sides/side.js'
import { type MemoryStore, memoryStore } from '../store/memory-store.js'
import { answerFromMemory, countCalls } from '../store/transport.js'

/** This process as a deployment of these topics, whose DynamoDB answers from memory. */
export function deployInMemory(topics: readonly string[]): MemoryStore {
  Object.assign(process.env, deploymentEnvironment(topics))
  const store = memoryStore(tables)
  answerFromMemory(store)
  return store
}

/** A local store with the tables of all sides. */
export interface LocalStore {
  readonly engine: string
  /** What a process that uses it has in its environment. */
  readonly environment: Readonly<Record<string, string>>
  stop(): Promise<void>
}

export async function startLocalStore(keys: Readonly<Record<string, readonly string[]>>): Promise<LocalStore> {
  const store = await startStore()
  const client = storeClient(store.url)
  await ensureTables(
    client,
    Object.entries(keys).map(([TableName, names]) => ({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: names.map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? 'HASH' : 'RANGE' })),
      AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    })),
  )
  client.destroy()
  return { engine: store.engine, environment: storeEnvironment(store.url), stop: () => store.stop() }
}

/** This process as a deployment of these topics on a local store. */
export async function deployOnStore(topics: readonly string[]) {
  const store = await startLocalStore(tables)
  Object.assign(process.env, deploymentEnvironment(topics), store.environment)
  const counted = countCalls()
  return { ...store, spent: () => ({ calls: counted.calls }) }
}
