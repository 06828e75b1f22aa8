import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GetItemCommand } from '@aws-sdk/client-dynamodb'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { decodeState } from '../ledger/index.js'
import { startWorker, type Worker } from '../local/worker/index.js'
import { compileRuntime } from '../local/worker/runtime.fixture.js'
import { kafkaEvent, type TestDeployment, testDeployment } from '../testing/index.js'

const topic = 'orders'
let deployment: TestDeployment
let dir = ''
const lines: string[] = []

beforeAll(async () => {
  await compileRuntime()
  deployment = await testDeployment({ topic })
  dir = await mkdtemp(join(tmpdir(), 'millrace-exit-'))
  await bundle()
})
afterAll(async () => {
  await deployment.stop()
  await rm(dir, { recursive: true, force: true })
})

/** A function that ends its process, as its event says, at its second record. */
const bundle = () =>
  build({
    stdin: {
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
      contents: `
        import { kafkaFunction, text } from '../index.ts'
        export const handler = kafkaFunction({ value: text(), leaseMs: 1_000 }, async ({ offset, value }) => {
          if (offset === 1 && value === 'exit') process.exit(0)
          if (offset === 1 && value === 'throw') {
            setImmediate(() => { throw new Error('out of reach') })
            await new Promise(() => {})
          }
          console.log('handled ' + offset)
        })`,
    },
    ...{ outfile: join(dir, 'handler.cjs'), bundle: true, platform: 'node', format: 'cjs', logLevel: 'silent' },
  })

function worker(): Worker {
  const environment = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      /^(AWS|MILLRACE)_/.test(name) && value ? [[name, value]] : [],
    ),
  )
  const limits = { timeoutMs: 20_000, memoryMb: 256 }
  return startWorker({
    ...{ functionName: 'orders', handler: 'handler.handler', dir, environment, ...limits },
    log: (line) => lines.push(line),
  })
}

async function ledger(partition: number) {
  const Key = { pk: { S: `${topic}#${topic}#${partition}` }, sk: { S: 'ledger' } }
  const { Item } = await deployment.client.send(new GetItemCommand({ TableName: deployment.ledgerTable, Key }))
  return decodeState(Item?.s?.B ?? new Uint8Array())
}

const nodeMajor = Number(process.versions.node.split('.')[0])

describe('a handler that ends its process [T-05]', () => {
  it.each([
    ['process.exit(0)', 'exit', 0, { kind: 'crash', exitCode: 0 }],
    // Lambda's client for Node 24 leaves it to Node; those before it say what it was, and end then.
    ['an error that nothing can catch', 'throw', 1, { kind: nodeMajor < 24 ? 'error' : 'crash' }],
  ])('by %s answers no success, settles nothing, says so, and all of it comes again', async (_, how, partition, ending) => {
    lines.splice(0)
    const orders = worker()
    const records = (value: string) => [0, 1, 2].map(() => ({ partition, value }))
    try {
      const ended = await orders.invoke(kafkaEvent({ topic, records: records(how) }))
      expect(ended).toMatchObject(ending)
      expect(await ledger(partition)).toMatchObject({ settled: [], claim: { marker: null } })
      const said = () => lines.filter((line) => line.includes('the process ended while a batch was under way'))
      await vi.waitFor(() => expect(said()).toHaveLength(1), { timeout: 10_000 })
      const again = await orders.invoke(kafkaEvent({ topic, records: records('fine') }))
      expect(again).toMatchObject({ kind: 'ok', payload: { batchItemFailures: [] } })
      expect(lines.filter((line) => line.includes('handled'))).toHaveLength(4)
      expect(await ledger(partition)).toMatchObject({ settled: [{ from: 0, to: 2 }], claim: null })
    } finally {
      await orders.stop()
    }
  })
})
