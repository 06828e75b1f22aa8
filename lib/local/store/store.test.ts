import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ledgerTable } from '../../deployment/index.js'
import { ensureTables, startStore, storeClient, storeEnvironment } from './index.js'

describe('starting a store', () => {
  afterEach(() => {
    delete process.env.MILLRACE_STORE_ENGINE
  })

  it('refuses an engine, a port or an address that does not exist', async () => {
    for (const options of [{ port: 70_000 }, { port: 1.5 }, { host: '192.0.2.1' }]) {
      await expect(startStore(options)).rejects.toThrow(/^ML_OPTION_INVALID/)
    }
    process.env.MILLRACE_STORE_ENGINE = 'mongo'
    await expect(startStore()).rejects.toThrow(/^ML_OPTION_INVALID: .*dynoxide or dynalite/)
  })

  it('does not take somebody else’s answer for its own', async () => {
    const other = createServer((_, response) => response.end('healthy')).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await expect(startStore({ port })).rejects.toThrow(/^ML_LOCAL_PORT_IN_USE/)
    other.close()
  })

  it('starts many at once, each on a port of its own', async () => {
    const stores = await Promise.all(Array.from({ length: 5 }, () => startStore()))
    expect(new Set(stores.map(({ port }) => port)).size).toBe(5)
    await Promise.all(stores.map((store) => store.stop()))
  })
})

describe('the environment of a local store', () => {
  it('has credentials that anybody may know, unless there are some', () => {
    expect(storeEnvironment('http://s', {})).toEqual({
      AWS_ENDPOINT_URL_DYNAMODB: 'http://s',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    })
    const own = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_SESSION_TOKEN: 'c' }
    expect(storeEnvironment('http://s', own)).toEqual({ AWS_ENDPOINT_URL_DYNAMODB: 'http://s', ...own })
  })

  it('says which call failed when no store answers', async () => {
    const client = storeClient('http://127.0.0.1:9')
    await expect(ensureTables(client, [ledgerTable('things')])).rejects.toThrow(
      /^ML_STORE_UNREACHABLE: .*npx millrace dynamodb/,
    )
    client.destroy()
  })
})
