import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import {
  BatchExecuteStatementCommand,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ledgerTable } from '../../deployment/index.js'
import { compiledProgram } from '../program.js'
import { type Engine, ensureTables, type Store, startStore, storeClient } from './index.js'

const table = 'things'
const key = (name: string) => ({ pk: { S: name }, sk: { S: '-' } })

/** Starts a store with this engine, as its users would. */
async function start(engine: Engine, port = 0): Promise<Store> {
  process.env.MILLRACE_STORE_ENGINE = engine
  try {
    return await startStore({ port })
  } finally {
    delete process.env.MILLRACE_STORE_ENGINE
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  )

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe.each<Engine>(['dynoxide', 'dynalite'])('the store %s', (engine) => {
  let store: Store
  let client: DynamoDBClient
  beforeAll(async () => {
    store = await start(engine)
    client = storeClient(store.url)
    await ensureTables(client, [ledgerTable(table)])
  })
  afterAll(async () => {
    client?.destroy()
    await store?.stop()
  })

  it('listens where it says, in a process of its own', async () => {
    expect(store).toMatchObject({ engine, url: `http://127.0.0.1:${store.port}` })
    expect(await answers(store.url)).toBe(true)
    expect(store.pid).not.toBe(process.pid)
    expect(isAlive(store.pid)).toBe(true)
  })

  it('gives back what was put', async () => {
    await client.send(new PutItemCommand({ TableName: table, Item: { ...key('a'), n: { N: '1' } } }))
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: key('a'), ConsistentRead: true }))
    expect(Item).toEqual({ ...key('a'), n: { N: '1' } })
  })

  it('updates on a condition only, and returns the item that failed it', async () => {
    const swap = (known: string) =>
      new UpdateItemCommand({
        TableName: table,
        Key: key('b'),
        UpdateExpression: 'SET version = :next',
        ConditionExpression: 'attribute_not_exists(version) OR version = :known',
        ExpressionAttributeValues: { ':next': { N: '7' }, ':known': { N: known } },
        ReturnConsumedCapacity: 'TOTAL',
      })
    const { ConsumedCapacity } = await client.send(swap('0'))
    expect(ConsumedCapacity?.CapacityUnits).toBe(1)
    await expect(client.send(swap('6'))).rejects.toThrow(
      expect.objectContaining({ name: 'ConditionalCheckFailedException' }),
    )
    await client.send(swap('7'))
  })

  it('writes and reads in batches', async () => {
    const names = ['c', 'd', 'e']
    const PutRequests = names.map((name) => ({
      PutRequest: { Item: { ...key(name), v: { B: new Uint8Array([0, 255]) } } },
    }))
    const written = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [table]: PutRequests }, ReturnConsumedCapacity: 'TOTAL' }),
    )
    expect(written.ConsumedCapacity).toMatchObject([{ TableName: table, CapacityUnits: 3 }])
    const { Responses } = await client.send(
      new BatchGetItemCommand({
        RequestItems: { [table]: { Keys: [...names, 'none'].map(key), ConsistentRead: true } },
      }),
    )
    expect(Responses?.[table]).toHaveLength(3)
    expect(Responses?.[table]?.[0]?.v?.B).toEqual(new Uint8Array([0, 255]))
  })

  it('creates missing tables, whoever else does at the same time, and leaves the others as they are', async () => {
    const tables = ['one', 'two', table].map(ledgerTable)
    await Promise.all([ensureTables(client, tables), ensureTables(client, tables)])
    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'two' }))
    expect(Table?.TableStatus).toBe('ACTIVE')
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: key('a') }))
    expect(Item).toBeDefined()
  })

  it('refuses a port that is taken, and says what to do', async () => {
    await expect(start(engine, store.port)).rejects.toThrow(/^ML_LOCAL_PORT_IN_USE: .*give the store another port/)
  })

  it('is gone when it is stopped, once or twice', async () => {
    const other = await start(engine)
    await Promise.all([other.stop(), other.stop()])
    await other.ended
    expect(await answers(other.url)).toBe(false)
    expect(isAlive(other.pid)).toBe(false)
  })

  it('tells when it ended by itself', async () => {
    const other = await start(engine)
    process.kill(other.pid, 'SIGKILL')
    await other.ended
    expect(await answers(other.url)).toBe(false)
    await other.stop()
  })

  it('dies with the process that started it, also by SIGKILL', async () => {
    const door = pathToFileURL(compiledProgram(new URL('./index.js', import.meta.url)))
    const script = `import('${door}').then(async ({ startStore }) => process.send(await startStore()))`
    const parent = spawn(process.execPath, ['-e', script], {
      env: { ...process.env, MILLRACE_STORE_ENGINE: engine },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const [{ url, pid }] = (await once(parent, 'message')) as [Store]
    expect(await answers(url)).toBe(true)
    parent.kill('SIGKILL')
    await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false)
    expect(await answers(url)).toBe(false)
  })
})

describe('PartiQL', () => {
  const statements = [
    {
      Statement: `INSERT INTO "${table}" VALUE {'pk': ?, 'sk': ?, 'version': ?}`,
      Parameters: [{ S: 'p' }, { S: '-' }, { N: '1' }],
    },
    {
      Statement: `UPDATE "${table}" SET version = ? WHERE pk = ? AND sk = ? AND version = ?`,
      Parameters: [{ N: '2' }, { S: 'q' }, { S: '-' }, { N: '1' }],
    },
  ]
  const batch = () => new BatchExecuteStatementCommand({ Statements: statements, ReturnConsumedCapacity: 'TOTAL' })

  it('works in batches on dynoxide, each statement with its own result and all with what they cost', async () => {
    const store = await start('dynoxide')
    const client = storeClient(store.url)
    await ensureTables(client, [ledgerTable(table)])
    const { Responses, ConsumedCapacity } = await client.send(batch())
    expect(Responses?.map((one) => one.Error?.Code)).toEqual([undefined, 'ConditionalCheckFailed'])
    expect(ConsumedCapacity).toMatchObject([{ TableName: table, CapacityUnits: 2 }])
    client.destroy()
    await store.stop()
  })

  it('is unknown to dynalite, which says so in a way that can be told from a failure', async () => {
    const store = await start('dynalite')
    const client = storeClient(store.url)
    await expect(client.send(batch())).rejects.toMatchObject({
      name: 'UnknownOperationException',
      $metadata: { httpStatusCode: 400 },
    })
    client.destroy()
    await store.stop()
  })
})
