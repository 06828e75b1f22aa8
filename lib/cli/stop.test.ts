import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterEach, describe, expect, it } from 'vitest'
import { startBroker } from '../local/broker/index.js'
import { packagedService } from '../local/template/service.fixture.js'
import { gone, millrace, produce, type Running } from './cli.fixture.js'
import { sourceService } from './source-service.fixture.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const soon = { timeout: 30_000, interval: 20 }
const ports = ['--broker-port', '0', '--dynamodb-port', '0']

function run(
  service: { readonly dir: string; remove(): void },
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Running {
  const running = millrace(['dev', '--json', ...ports, ...args], service.dir, env)
  cleanups.push(async () => {
    running.child.kill('SIGKILL')
    await running.ended
    service.remove()
  })
  return running
}

interface At {
  readonly brokers: string[]
  readonly dynamodbUrl: string
}

/** A service whose function has begun a batch. */
async function begun(code: string, env: NodeJS.ProcessEnv = {}) {
  const service = packagedService({ code, mapping: { MaximumBatchingWindowInSeconds: 0 } })
  const running = run(service, ['--no-package'], env)
  const at = await running.line<At>('listening')
  await produce(at.brokers, 'greetings', ['hello'])
  await running.line('function')
  return { running, at, children: running.descendants() }
}

/** Nothing listens there any more. */
async function free({ brokers, dynamodbUrl }: At): Promise<void> {
  const taken = [...brokers.map((address) => address.split(':')[1]), new URL(dynamodbUrl).port]
  for (const port of taken) {
    const server = createServer().listen(Number(port), '127.0.0.1')
    await once(server, 'listening')
    server.close()
  }
}

const says = (then: string): string => `exports.handler = async () => { console.log('begun'); ${then} }`
const slow = says(`await new Promise((r) => setTimeout(r, 1500)); console.log('done')`)
const hangingPlugin = `module.exports = class {
  hooks = {
    initialize: () => {
      console.log('waiting for the registry')
      require('node:fs').writeFileSync('said', '')
      return new Promise(() => setInterval(() => {}, 1000))
    },
  }
}`
const hangs = says('await new Promise(() => setInterval(() => {}, 1000))')
const blocks = says('for (;;);')

describe('millrace dev, when it is told to stop', { timeout: 120_000 }, () => {
  it('finishes and commits what is in flight, and frees processes and ports [R-37, T-12 partly]', async () => {
    const broker = await startBroker()
    cleanups.push(() => broker.stop())
    const { running, at, children } = await begun(slow, { KAFKA_BROKERS: broker.address })
    // The function, and the store with its supervisor.
    expect(children.length).toBeGreaterThanOrEqual(3)
    running.ctrlC()
    expect(await running.ended).toBe(0)
    expect(running.lines<{ line?: string }>().map(({ line }) => line)).toContain('done')
    expect(await running.line('batch')).toMatchObject({ decision: 'settled', records: 1 })
    const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const [{ partitions } = { partitions: [] }] = await admin.fetchOffsets({
      groupId: 'greeters',
      topics: ['greetings'],
    })
    const ends = await admin.fetchTopicOffsets('greetings')
    await admin.disconnect()
    const committed = (partition: number) => partitions.find((one) => one.partition === partition)?.offset
    // Nothing is pending: whatever was produced is committed.
    expect(ends.find(({ partition }) => partition === 0)?.high).toBe('1')
    expect(committed(0)).toBe('1')
    await Promise.all(children.map(gone))
    await free({ ...at, brokers: [] })
  })

  it('waits for a handler that hangs only as long as the function may take', async () => {
    const { running, at, children } = await begun(hangs)
    running.ctrlC()
    expect(await running.ended).toBe(0)
    expect(await running.line('batch')).toMatchObject({
      decision: 'failed',
      reason: expect.stringContaining('timeout'),
    })
    await Promise.all(children.map(gone))
    await free(at)
  })

  it.each([
    ['hangs', hangs],
    ['blocks', blocks],
  ])('leaves nothing when it is killed while a handler %s', async (_, code) => {
    const { running, at, children } = await begun(code)
    running.child.kill('SIGKILL')
    expect(await running.ended).toBe('SIGKILL')
    await Promise.all(children.map(gone))
    await free(at)
  })

  it('ends with 0 while it is starting', async () => {
    const running = run(packagedService(), ['--no-package'])
    await expect.poll(() => running.descendants().length, soon).toBeGreaterThan(0)
    expect(running.output.stdout).toBe('')
    const children = running.descendants()
    running.ctrlC()
    expect(await running.ended).toBe(0)
    expect(running.output.stderr).toBe('')
    await Promise.all(children.map(gone))
  })

  it.each([
    ['told to stop', 'SIGTERM', 0],
    ['killed', 'SIGKILL', 'SIGKILL'],
  ] as const)('leaves no packaging behind when it is %s', async (_, signal, code) => {
    const service = sourceService()
    const running = run(service, [])
    await running.line('packaging')
    await expect.poll(() => running.descendants().length, soon).toBeGreaterThan(0)
    const children = running.descendants()
    running.child.kill(signal)
    expect(await running.ended).toBe(code)
    await Promise.all(children.map(gone))
    // It was ended, and did not end by itself.
    expect(existsSync(join(service.dir, '.serverless'))).toBe(false)
  })

  it('shows what serverless had to say by then', async () => {
    const service = sourceService()
    service.write('hang.cjs', hangingPlugin)
    service.write('serverless.yml', service.read('serverless.yml').replace('plugins: [', 'plugins: [./hang.cjs, '))
    const running = run(service, [])
    await expect.poll(() => existsSync(join(service.dir, 'said')), soon).toBe(true)
    running.ctrlC()
    expect(await running.ended).toBe(0)
    expect(running.lines<{ line?: string }>().map(({ line }) => line)).toContain('waiting for the registry')
  })

  it('leaves no bundler, type check or function behind when it is killed while it takes what was saved', async () => {
    const service = sourceService()
    const running = run(service, [])
    const at = await running.line<At>('listening')
    await produce(at.brokers, 'greetings', ['60000'])
    await running.line('function')
    service.write('src/greeting.ts', "export const greeting = 'late'\n")
    await running.line('reloaded')
    const children = running.descendants()
    // The function on its old code, the bundler, the store with its supervisor.
    expect(children.length).toBeGreaterThanOrEqual(4)
    running.child.kill('SIGKILL')
    await running.ended
    await Promise.all(children.map(gone))
    await free(at)
  })
})
