import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { writeOutputs } from '../../deployment/index.js'
import { packagedService } from '../../local/template/service.fixture.js'
import { millrace, produce } from '../cli.fixture.js'
import { sourceService } from '../source-service.fixture.js'
import { noteLocalRun, readLocalRun } from './running.js'
import { findTarget, type Target } from './target.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const orders = {
  name: 'orders',
  deployed: 'shop-dev-orders',
  topic: 'orders',
  group: 'orders',
  brokers: ['k1:9092', 'k2:9092'],
}
const facts = { ledgerTable: 'shop-dev-ledger', failuresTable: 'shop-dev-failures', functions: [orders] }
const local = { ...facts, brokers: ['127.0.0.1:9092'], dynamodbUrl: 'http://127.0.0.1:8000' }

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-target-'))
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** A target, without what this process has in its environment. */
async function find(...[options, dir = folder()]: Partial<Parameters<typeof findTarget>>): Promise<Target> {
  const target = await findTarget(options ?? {}, dir, {})
  cleanups.push(target.close)
  return target
}

/** CloudFormation's answers to DescribeStacks, as the service writes them; answers what stacks were asked for. */
async function cloudFormation(stacks: Record<string, Record<string, { Value: string }>>): Promise<string[]> {
  const asked: string[] = []
  const server: Server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const form = new URLSearchParams(body)
    const name = form.get('StackName') ?? ''
    asked.push(
      `${form.get('Action')} ${name} ${/\/([a-z0-9-]+)\/cloudformation\//.exec(request.headers.authorization ?? '')?.[1]}`,
    )
    const outputs = stacks[name]
    response.writeHead(outputs ? 200 : 400, { 'content-type': 'text/xml' })
    response.end(outputs ? described(name, outputs) : missing(name))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  vi.stubEnv('AWS_ENDPOINT_URL_CLOUDFORMATION', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  return asked
}

const described = (name: string, outputs: Record<string, { Value: string }>) =>
  `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>
    <StackName>${name}</StackName><StackStatus>UPDATE_COMPLETE</StackStatus><CreationTime>2026-11-21T12:00:00Z</CreationTime>
    <Outputs>${Object.entries(outputs)
      .map(
        ([key, { Value }]) =>
          `<member><OutputKey>${key}</OutputKey><OutputValue>${Value.replaceAll('"', '&quot;')}</OutputValue></member>`,
      )
      .join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`

const missing = (name: string) =>
  `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type><Code>ValidationError</Code>
    <Message>Stack with id ${name} does not exist</Message></Error><RequestId>r</RequestId></ErrorResponse>`

describe('A command finds its stack', () => {
  it('by the names of tables that it is given, and asks nobody', async () => {
    const target = await find({
      ledgerTable: 'a',
      failuresTable: 'b',
      endpoint: 'http://127.0.0.1:1',
      brokers: 'k:1, l:2',
    })
    expect(target).toMatchObject({ ledgerTable: 'a', failuresTable: 'b', functions: [], brokers: ['k:1', 'l:2'] })
    expect(await target.client.config.endpoint?.()).toMatchObject({ hostname: '127.0.0.1', port: 1 })
  })

  it('and says what it lacks when one was named and another is needed', async () => {
    const target = await find({ ledgerTable: 'a', region: 'eu-west-1' })
    // A throttle is waited out.
    expect(await target.client.config.maxAttempts()).toBe(10)
    expect(() => target.failuresTable).toThrow(/ML_USAGE: .*--failures-table/)
    expect(() => target.brokers).toThrow(/ML_USAGE: .*--brokers/)
  })

  it('but not by the names of tables and by a stage at once: --stage is no stage at which records fail', async () => {
    const both = { ledgerTable: 'l', failuresTable: 'f', stage: 'validate' }
    await expect(find(both)).rejects.toMatchObject({ code: 'ML_USAGE', message: expect.stringContaining('--stage') })
  })

  it('where the service runs in this folder', async () => {
    const dir = folder()
    noteLocalRun(dir, { ...local, pid: process.pid })
    const target = await find({}, dir)
    expect(target).toMatchObject({ ...facts, place: 'millrace dev', brokers: local.brokers })
    expect(await target.client.config.endpoint?.()).toMatchObject({ port: 8000 })
    expect(await find({ brokers: 'mine:9092' }, dir)).toMatchObject({ brokers: ['mine:9092'] })
  })

  it('not where a process that is gone has run, nor in half a note', async () => {
    const dir = folder()
    // The largest id that Linux gives is far below.
    noteLocalRun(dir, { ...local, pid: 2 ** 30 })
    expect(readLocalRun(dir)).toBeUndefined()
    noteLocalRun(dir, { ...local, pid: process.pid, functions: [{}] as never })
    expect(readLocalRun(dir)).toBeUndefined()
  })

  it('where the one that began first runs, as long as it does: another one leaves its note alone', async () => {
    const dir = folder()
    // The parent of this process lives.
    const first = { ...local, pid: process.ppid }
    const removeFirst = noteLocalRun(dir, first)
    expect(noteLocalRun(dir, { ...local, pid: process.pid })).toBeUndefined()
    expect(readLocalRun(dir)).toEqual(first)
    removeFirst?.()
    const remove = noteLocalRun(dir, { ...local, pid: process.pid })
    expect(readLocalRun(dir)?.pid).toBe(process.pid)
    removeFirst?.()
    expect(readLocalRun(dir)?.pid).toBe(process.pid)
    remove?.()
    expect(readLocalRun(dir)).toBeUndefined()
  })

  it('in the outputs of the CloudFormation stack that it names', async () => {
    const asked = await cloudFormation({ shop: writeOutputs(facts, ['OrdersMapping']) })
    const dir = folder()
    noteLocalRun(dir, { ...local, pid: process.pid })
    const target = await find({ stack: 'shop', region: 'eu-west-1' }, dir)
    expect(target).toMatchObject({ ...facts, place: 'the stack shop', brokers: orders.brokers })
    expect(await target.client.config.region()).toBe('eu-west-1')
    expect(asked).toEqual(['DescribeStacks shop eu-west-1'])
  })

  it('by the service and the stage of this folder, as serverless reads them', async () => {
    const asked = await cloudFormation({ 'hello-prod': writeOutputs(facts, ['OrdersMapping']) })
    const service = sourceService()
    cleanups.push(service.remove)
    expect(await find({ stage: 'prod' }, service.dir)).toMatchObject(facts)
    expect(asked).toEqual(['DescribeStacks hello-prod eu-west-1'])
  })

  it('or says that there is none', async () => {
    await cloudFormation({ other: { Bucket: { Value: 'b' } } })
    const region = 'eu-west-1'
    await expect(find({ stack: 'shop', region })).rejects.toThrow(
      /ML_STACK_MISSING: the stack shop does not exist in eu-west-1/,
    )
    await expect(find({ stack: 'other', region })).rejects.toThrow(/ML_STACK_MISSING: .* names no tables of millrace/)
  })

  it('or that this is no folder of a service', async () => {
    await expect(find({ stage: 'dev' })).rejects.toThrow(/ML_USAGE: .*no serverless.yml/)
  })

  it('never in AWS where nobody has said so: what ran in this folder may have died', async () => {
    const asked = await cloudFormation({ 'hello-dev': writeOutputs(facts, ['OrdersMapping']) })
    const service = sourceService()
    cleanups.push(service.remove)
    noteLocalRun(service.dir, { ...local, pid: 2 ** 30 })
    for (const options of [{}, { region: 'eu-west-1' }])
      await expect(find(options, service.dir)).rejects.toThrow(/^ML_USAGE: no `millrace dev` runs .*--stage/)
    expect(asked).toEqual([])
  })

  it('or that it has no credentials', async () => {
    await cloudFormation({})
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined)
    vi.stubEnv('HOME', folder())
    await expect(find({ stack: 'shop', region: 'eu-west-1' })).rejects.toThrow(
      /ML_STACK_UNREACHABLE: .*give credentials/,
    )
  })

  it('or that its outputs were written by another release', async () => {
    await cloudFormation({ shop: { ...writeOutputs(facts, ['M']), MillraceReadsX: { Value: '{}' } } })
    await expect(find({ stack: 'shop', region: 'eu-west-1' })).rejects.toThrow(
      /ML_DEPLOYMENT_INVALID: .*MillraceReadsX/,
    )
  })
})

describe('millrace dev', () => {
  it('tells the other commands where it runs, and has them switch its mappings, as long as it does', async () => {
    const environment = {
      MILLRACE_LEDGER_TABLE: 'ledger',
      MILLRACE_FAILURES_TABLE: 'failures',
      MILLRACE_MAPPINGS: '[]',
    }
    const service = packagedService({ environment })
    cleanups.push(service.remove)
    const ports = ['--broker-port', '0', '--dynamodb-port', '0']
    const running = millrace(['dev', '--no-package', ...ports, '--json'], service.dir)
    cleanups.push(() => running.child.kill('SIGKILL'))
    const { brokers } = await running.line<{ brokers: string[] }>('listening')
    expect(await find({}, service.dir)).toMatchObject({
      place: 'millrace dev',
      ledgerTable: 'ledger',
      failuresTable: 'failures',
      brokers,
      functions: [{ name: 'greet', deployed: 'hello-dev-greet', topic: 'greetings', group: 'greeters', brokers }],
    })
    // They switch its mappings: what is paused reads nothing, until it is resumed.
    const said = async (...args: string[]) => {
      const command = millrace([...args, 'greet', '--json'], service.dir)
      expect([await command.ended, command.output.stderr]).toEqual([0, ''])
      return command.lines<{ event: string; state: string }>()[0]
    }
    expect(await said('pause')).toMatchObject({ event: 'paused', state: 'Disabled' })
    await produce(brokers, 'greetings', ['hello'])
    expect(await said('resume')).toMatchObject({ event: 'resumed', state: 'Enabled' })
    expect(await running.line('batch')).toMatchObject({ records: 1, decision: 'settled' })
    running.ctrlC()
    expect(await running.ended).toBe(0)
    expect(existsSync(join(service.dir, '.millrace/dev.json'))).toBe(false)
  })
})
