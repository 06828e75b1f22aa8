import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, describe, expect, it } from 'vitest'
import { startBroker } from '../local/broker/index.js'
import { compiledProgram } from '../local/program.js'
import { startStore, storeClient } from '../local/store/index.js'
import { packagedService, type ServiceParts } from '../local/template/service.fixture.js'
import { gone, millrace, type Running } from './cli.fixture.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Runs a command to the end of the test at the latest. */
function run(args: string, cwd = tmpdir(), env: NodeJS.ProcessEnv = {}): Running {
  const running = millrace(args.split(' ').filter(Boolean), cwd, env)
  cleanups.push(async () => {
    running.child.kill('SIGKILL')
    await running.ended
  })
  return running
}

function packaged(parts?: ServiceParts): string {
  const service = packagedService(parts)
  cleanups.push(service.remove)
  return service.dir
}

interface Listening {
  readonly address: string
  readonly url: string
  readonly engine: string
  readonly brokers: string[]
  readonly dynamodbUrl: string
  readonly embedded: { readonly store: { readonly pid: number } }
}

describe('the command line', () => {
  it.each([
    ['--version', 0, /^\d+\.\d+\.\d+\n$/, /^$/],
    ['--help', 0, /broker[\s\S]+dynamodb[\s\S]+dev/, /^$/],
    ['dev --help', 0, /--broker-port <port> .*9092[\s\S]+KAFKA_BROKERS/, /^$/],
    ['', 2, /^$/, /Usage:[\s\S]+ML_USAGE: give a command/],
    ['brocker', 2, /^$/, /^ML_USAGE: unknown command 'brocker'[\s\S]*millrace --help/],
    ['broker --prot 1', 2, /^$/, /^ML_USAGE: unknown option '--prot'[\s\S]*millrace broker --help/],
    ['broker --port 65536', 2, /^$/, /^ML_USAGE: .*whole number from 0 to 65535/],
    ['dynamodb more', 2, /^$/, /^ML_USAGE: too many arguments/],
    [
      'dev --no-package --broker-port 0 --dynamodb-port 0',
      1,
      /^$/,
      /^ML_LOCAL_TEMPLATE: .*run `npx serverless package`/,
    ],
    ['dev', 1, /packaging/, /^ML_LOCAL_TEMPLATE: there is no serverless.yml in /],
  ])('answers `millrace %s` with exit code %i', async (args, code, stdout, stderr) => {
    const running = run(args)
    expect(await running.ended).toBe(code)
    expect(running.output.stdout).toMatch(stdout)
    expect(running.output.stderr).toMatch(stderr)
  })

  it('tells an error in one line with its code, and with --debug where it comes from', async () => {
    const broker = await startBroker()
    cleanups.push(() => broker.stop())
    const plain = run(`broker --port ${broker.port}`)
    const debug = run(`broker --port ${broker.port} --debug`)
    expect(await Promise.all([plain.ended, debug.ended])).toEqual([1, 1])
    expect(plain.output.stderr).toMatch(/^ML_LOCAL_PORT_IN_USE: [^\n]+\n$/)
    expect(debug.output.stderr).toMatch(/ML_LOCAL_PORT_IN_USE: [\s\S]+ {4}at [\s\S]+caused by Error: listen EADDRINUSE/)
  })

  it('can be run as a program once it is linked', () => {
    const main = readFileSync(compiledProgram(new URL('./main.js', import.meta.url)), 'utf8')
    expect(main.split('\n')[0]).toBe('#!/usr/bin/env node')
  })
})

describe('millrace broker', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('serves Kafka clients until %s, and ends with 0', async (signal) => {
    const running = run('broker --port 0 --json')
    const { address } = await running.line<Listening>('listening')
    const admin = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    expect(await admin.listTopics()).toEqual([])
    await admin.disconnect()
    running.child.kill(signal)
    expect(await running.ended).toBe(0)
    expect(running.output.stderr).toBe('')
  })

  it('says for people where it is', async () => {
    const running = run('broker --port 0')
    await expect
      .poll(() => running.output.stdout, { timeout: 10_000 })
      .toMatch(/^Kafka broker, in memory: 127\.0\.0\.1:\d+ \(Ctrl-C/)
  })
})

describe('millrace dynamodb', () => {
  const tablesAt = async (url: string) => {
    const client = storeClient(url)
    const { TableNames } = await client.send(new ListTablesCommand({}))
    client.destroy()
    return TableNames
  }

  it('has the tables of the service in this folder, and ends with 0', async () => {
    const running = run('dynamodb --port 0 --json', packaged())
    expect(await running.line('tables')).toMatchObject({ service: 'hello', tables: ['hello-dev-greetings'] })
    const { url } = await running.line<Listening>('listening')
    expect(await tablesAt(url)).toEqual(['hello-dev-greetings'])
    running.ctrlC()
    expect(await running.ended).toBe(0)
    await expect(fetch(url)).rejects.toThrow()
    expect(running.output.stderr).toBe('')
  })

  it('says that there are none where no service is packaged', async () => {
    const running = run('dynamodb --port 0')
    await expect
      .poll(() => running.output.stdout, { timeout: 10_000 })
      .toMatch(/no packaged service[\s\S]+DynamoDB, in memory/)
  })

  it('runs on dynalite where the native store is not installed', async () => {
    const running = run('dynamodb --port 0 --json', packaged(), { MILLRACE_STORE_ENGINE: 'dynalite' })
    const { url, engine } = await running.line<Listening>('listening')
    expect(engine).toBe('dynalite')
    expect(await tablesAt(url)).toEqual(['hello-dev-greetings'])
  })

  it('refuses a port that is taken', async () => {
    const store = await startStore()
    cleanups.push(() => store.stop())
    const running = run(`dynamodb --port ${store.port}`)
    expect(await running.ended).toBe(1)
    expect(running.output.stderr).toMatch(/^ML_LOCAL_PORT_IN_USE: /)
  })
})

describe('millrace dev', () => {
  const mapping = { MaximumBatchingWindowInSeconds: 0 }
  const slow = `exports.handler = async () => { console.log('begun'); await new Promise((r) => setTimeout(r, 1000)); console.log('done') }`
  const endless = `exports.handler = () => { console.log('begun'); for (;;); }`

  /** A stack whose function has begun a batch. */
  async function begun(code: string, args = 'dev --no-package --json --broker-port 0 --dynamodb-port 0') {
    const running = run(args, packaged({ code, mapping }))
    const at = await running.line<Listening>('listening')
    const producer = new Kafka({ brokers: at.brokers, logLevel: logLevel.NOTHING }).producer()
    await producer.connect()
    await producer.send({ topic: 'greetings', messages: [{ value: 'hello' }] })
    await producer.disconnect()
    const { pid } = await running.line<{ pid: number }>('function')
    return { running, at, pids: [pid, at.embedded.store.pid] }
  }

  it('runs the service, a line per batch, and finishes the one in flight when it is asked to end [R-41, T-19 partly]', async () => {
    const { running, at, pids } = await begun(slow)
    expect(at).toMatchObject({ tables: ['hello-dev-greetings'], functions: ['hello-dev-greet'] })
    running.ctrlC()
    expect(await running.ended).toBe(0)
    expect(await running.line('batch')).toMatchObject({
      records: 1,
      partitions: 1,
      attempt: 1,
      decision: 'settled',
      again: 0,
    })
    await running.line('stopped')
    // What a mapping does is told with ids: given its partitions, and committed.
    const poller = 'GreetMapping/1'
    expect(await running.line('assigned')).toMatchObject({ poller, partitions: expect.arrayContaining([0]) })
    expect(await running.line('committed')).toMatchObject({ poller, offsets: expect.any(Object) })
    expect(running.output.stderr).toBe('')
    await Promise.all(pids.map(gone))
  })

  it('ends at once when it is asked twice, and leaves no process behind [R-41]', async () => {
    const { running, pids } = await begun(endless)
    await expect.poll(() => running.child.exitCode ?? running.ctrlC(), { timeout: 10_000, interval: 100 }).toBe(130)
    await running.line('stopping')
    await Promise.all(pids.map(gone))
  })

  it('leaves no process behind when it is killed', async () => {
    const { running, pids } = await begun(endless)
    running.child.kill('SIGKILL')
    expect(await running.ended).toBe('SIGKILL')
    await Promise.all(pids.map(gone))
  })

  it('tells people where everything is', async () => {
    const running = run('dev --no-package --broker-port 0 --dynamodb-port 0', packaged())
    await expect
      .poll(() => running.output.stdout, { timeout: 10_000 })
      .toMatch(
        /Kafka +127.+\nDynamoDB +http.+\ntables +hello-dev-greetings\nfunctions +hello-dev-greet\nmapping +greetings → hello-dev-greet as group greeters\nready/,
      )
    running.ctrlC()
    expect(await running.ended).toBe(0)
  })
})
