import { readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { GetItemCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Store, startStore, storeClient } from '../../lib/local/store/index.js'
import {
  builtProject,
  cleanEnvironment,
  type Ended,
  type Project,
  run,
  serverless,
  serverlessBin,
} from '../project.fixture.js'
import { createLocalTables, localInvocation } from './invoke-local.js'
import { isolation, recordConnections } from './offline.fixture.js'

const invocation = ['invoke', 'local', '-f', 'orders', '-p', 'functions/orders/events/batch.json']
const failures = { batchItemFailures: [{ itemIdentifier: { partition: 'orders-1', offset: 43 } }] }

/** A run takes 2 to 5 s, and much longer where the processors are shared. */
const slow = { timeout: 180_000 }

let project: Project
let store: Store
beforeAll(async () => {
  project = await builtProject()
  store = await startStore({ port: 0 })
}, slow.timeout)
afterAll(async () => {
  await store?.stop()
  await project?.remove()
})

describe('serverless invoke local -f orders', slow, () => {
  it('answers with the records to deliver again, on a local store whose tables it creates', async () => {
    const ended = await serverless(project.path, invocation, { AWS_ENDPOINT_URL_DYNAMODB: store.url })
    expect(ended.status, ended.output).toBe(0)
    expect(answerOf(ended)).toEqual(failures)

    const client = storeClient(store.url)
    const { TableNames } = await client.send(new ListTablesCommand())
    const key = { orderId: { S: 'order-1' } }
    const { Item } = await client.send(new GetItemCommand({ TableName: 'millrace-dev-orders', Key: key }))
    client.destroy()
    expect(TableNames?.sort()).toEqual(
      ['balances', 'failures', 'ledger', 'orders'].map((name) => `millrace-dev-${name}`),
    )
    expect(Item).toEqual({ ...key, effects: { N: '1' }, cents: { N: '1250' } })
  })

  it('with no store ends within 5 s with an error that says how to start one, and tries no other address', async () => {
    const connections = await recordConnections(project.path)
    const port = await freePort()
    const endpoint = ['-e', `AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:${port}`]
    const ended = await serverless(project.path, [...invocation, ...endpoint], {
      NODE_OPTIONS: connections.nodeOptions,
    })
    expect(ended.status).toBe(1)
    expect(answerOf(ended)).toMatchObject({
      errorType: 'MillraceError',
      errorMessage: expect.stringMatching(/^ML_STORE_UNREACHABLE: .*npx millrace dynamodb/),
    })
    expect(new Set(await connections.targets())).toEqual(new Set([`127.0.0.1:${port}`]))
    expect(await connections.invocationMs()).toBeLessThan(5_000)
  })
})

describe('The project', slow, () => {
  it('packages and answers an invocation with the network cut off, and tries no address but loopback', async () => {
    const connections = await recordConnections(project.path)
    const inside = join(project.path, 'inside.mjs')
    await writeFile(inside, withStore(project.path))
    const isolated = await isolation()
    if (!isolated) console.warn('unshare is not permitted here: connections are recorded, but the network is not cut')
    const [file = '', ...args] = [...(isolated ?? []), process.execPath]
    const env = { ...cleanEnvironment(project.path), NODE_OPTIONS: connections.nodeOptions }

    const packaged = await run(file, [...args, serverlessBin, 'package'], { cwd: project.path, env })
    expect(packaged.status, packaged.output).toBe(0)
    expect(await connections.targets()).toEqual([])

    const answered = await run(file, [...args, inside, serverlessBin, ...invocation], { cwd: project.path, env })
    expect(answered.status, answered.output).toBe(0)
    expect(answerOf(answered)).toEqual(failures)
    const targets = await connections.targets()
    expect(targets.length).toBeGreaterThan(0)
    expect(targets.filter((target) => !target.startsWith('127.0.0.1:'))).toEqual([])
  })

  it('makes of the function one CommonJS file and its map, without a Kafka client or anything local', async () => {
    const { status, output } = await serverless(project.path, ['package'])
    expect(status, output).toBe(0)
    const files = unzipSync(await readFile(join(project.path, '.serverless/orders.zip')))
    const bundle = 'functions/orders/handler.cjs'
    expect(Object.keys(files).sort()).toEqual([bundle, `${bundle}.map`])
    const map = JSON.parse(Buffer.from(files[`${bundle}.map`] ?? []).toString())
    expect(map.sources.filter((source: string) => /kafkajs|lib\/local|lib\/cli/.test(source))).toEqual([])
    expect(Buffer.from(files[bundle] ?? []).toString()).toContain('//# sourceMappingURL=handler.cjs.map')
  })
})

describe('A local invocation', () => {
  const signedIn = {
    AWS_PROFILE: 'production',
    AWS_ACCESS_KEY_ID: 'AKIA',
    AWS_SESSION_TOKEN: 'x',
    AWS_REGION: 'eu-west-1',
  }

  it('meets the local store, and no cloud, whatever account the person is signed in to', () => {
    const { endpoint, variables } = localInvocation(signedIn)
    expect(endpoint).toBe('http://127.0.0.1:8000')
    expect({ ...signedIn, ...variables }).toEqual({
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:8000',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_REGION: 'eu-west-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    })
  })

  it('meets another store with its own credentials, where it is told to', () => {
    const { endpoint, variables } = localInvocation({ ...signedIn, AWS_ENDPOINT_URL: 'https://other.example' })
    expect(endpoint).toBe('https://other.example')
    expect(variables).not.toHaveProperty('AWS_ACCESS_KEY_ID')
  })
})

describe('The tables of a local invocation', () => {
  it('are asked of nothing that does not answer, and of nothing that is not local', async () => {
    await createLocalTables(`http://127.0.0.1:${await freePort()}`, [{ TableName: 't' }])
    await createLocalTables('https://dynamodb.invalid', [{ TableName: 't' }])
  })

  it('do not keep a person waiting for what accepts a connection and then is silent', async () => {
    const silent = await listening()
    const started = Date.now()
    await expect(createLocalTables(silent.url, [{ TableName: 't' }])).rejects.toMatchObject({
      code: 'ML_STORE_FAILED',
      message: expect.stringContaining(`what answers at ${silent.url} did not create the tables`),
    })
    expect(Date.now() - started).toBeLessThan(5_000)
    silent.server.close()
  })
})

/** Logs go to the same stream; the answer is what osls prints last, indented. */
function answerOf({ stdout, output }: Ended): unknown {
  const start = `\n${stdout}`.lastIndexOf('\n{\n')
  expect(start, output).toBeGreaterThan(-1)
  return JSON.parse(stdout.slice(start))
}

/** A program that runs a command against a store of its own. */
function withStore(path: string): string {
  const door = pathToFileURL(join(path, 'dist/lib/local/store/index.js')).href
  return `
    import { spawnSync } from 'node:child_process'
    import { startStore } from ${JSON.stringify(door)}
    const store = await startStore({ port: 0 })
    const env = { ...process.env, AWS_ENDPOINT_URL_DYNAMODB: store.url }
    const { status } = spawnSync(process.execPath, process.argv.slice(2), { stdio: 'inherit', env })
    await store.stop()
    process.exitCode = status
  `
}

async function listening(): Promise<{ server: Server; url: string }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function freePort(): Promise<number> {
  const { server, url } = await listening()
  await new Promise((resolve) => server.close(resolve))
  return Number(new URL(url).port)
}
