import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type LogMeta, startWorker, type Worker, type WorkerOptions } from './index.js'
import { compiledWorker, compileRuntime } from './runtime.fixture.js'

const cleanups: (() => unknown)[] = []

beforeAll(compileRuntime)

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function code(source: string, file = 'handler.cjs'): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-worker-'))
  cleanups.push(() => rm(dir, { recursive: true, force: true }))
  await writeFile(join(dir, file), source)
  return dir
}

async function worker(source: string, options: Partial<WorkerOptions> = {}): Promise<Worker> {
  const defaults = {
    functionName: 'orders',
    handler: 'handler.handler',
    environment: {},
    timeoutMs: 5000,
    memoryMb: 256,
  }
  const started = startWorker({ ...defaults, dir: await code(source), ...options })
  cleanups.push(() => started.stop())
  return started
}

/** A process that ended is gone, also while nobody has collected it. */
function gone(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return true
  }
  const stat = `/proc/${pid}/stat`
  return existsSync(stat) && / Z /.test(readFileSync(stat, 'utf8'))
}

const isGone = (pid: number) => vi.waitFor(() => expect(gone(pid)).toBe(true), { timeout: 5000, interval: 20 })

/** Source of a handler that waits until so many of its kind run, each told by a file in the folder of the code. */
const meeting = (size: number) => `
const { readdirSync, writeFileSync } = require('node:fs')
exports.handler = async (event) => {
  writeFileSync('met-' + process.pid, '')
  while (readdirSync('.').filter((name) => name.startsWith('met-')).length < ${size}) await new Promise(setImmediate)
  return event
}`

describe('a worker', () => {
  it('runs the handler in a process of its own, which it keeps for the next invocation', async () => {
    const orders = await worker('let n = 0; exports.handler = async (event) => ({ pid: process.pid, n: ++n, event })')
    const first = await orders.invoke({ a: 'ä' })
    const second = await orders.invoke(2)
    expect(first).toMatchObject({ kind: 'ok', coldStart: true, pid: orders.pid, payload: { n: 1, event: { a: 'ä' } } })
    expect(second).toMatchObject({
      kind: 'ok',
      coldStart: false,
      pid: first.pid,
      payload: { n: 2, pid: first.pid, event: 2 },
    })
    expect(first.pid).not.toBe(process.pid)
    expect(second.requestId).not.toBe(first.requestId)
  })

  it("gives the handler Lambda's context", async () => {
    const orders = await worker('exports.handler = async (_, c) => ({ ...c, left: c.getRemainingTimeInMillis() })', {
      environment: { AWS_REGION: 'eu-central-1' },
    })
    const { requestId, ...result } = await orders.invoke({})
    expect(result).toMatchObject({
      kind: 'ok',
      payload: {
        awsRequestId: requestId,
        functionName: 'orders',
        functionVersion: '$LATEST',
        invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:orders',
        memoryLimitInMB: '256',
        logGroupName: '/aws/lambda/orders',
        left: expect.toSatisfy((left: number) => left > 3000 && left <= 5000),
      },
    })
  })

  it("hands on the function's own variables and Lambda's, and nothing of its own but PATH", async () => {
    vi.stubEnv('MILLRACE_SECRET_OF_THE_PARENT', 'x')
    const orders = await worker('exports.handler = async () => process.env', {
      environment: { ORDERS_TABLE: 't', AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1', _HANDLER: 'not mine to set' },
    })
    const result = await orders.invoke({})
    vi.unstubAllEnvs()
    const env = result.kind === 'ok' ? (result.payload as Record<string, string>) : {}
    expect(env).toMatchObject({
      ORDERS_TABLE: 't',
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1',
      PATH: process.env.PATH,
      AWS_LAMBDA_FUNCTION_NAME: 'orders',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      _HANDLER: 'handler.handler',
      TZ: ':UTC',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    })
    expect(
      Object.keys(env)
        .filter((name) => !/^(AWS_|LAMBDA_|_)/.test(name))
        .sort(),
    ).toEqual(['LANG', 'ORDERS_TABLE', 'PATH', 'TZ'])
  })

  it.each([
    ['functions/a/handler.mjs', 'functions/a/handler.run', 'export const run = async () => 1'],
    ['handler.js', 'handler.deep.run', 'exports.deep = { run: () => 1 }'],
    ['handler.cjs', 'handler.run', 'module.exports.run = async () => 1'],
  ])('loads %s', async (file, handler, source) => {
    const dir = await code('')
    await mkdir(join(dir, 'functions/a'), { recursive: true })
    await rm(join(dir, 'handler.cjs'))
    await writeFile(join(dir, file), source)
    const orders = await worker('', { dir, handler })
    expect(await orders.invoke({})).toMatchObject({ kind: 'ok', payload: 1 })
  })

  it('streams what the function writes, line by line, with the invocation that wrote it', async () => {
    const lines: [string, LogMeta][] = []
    const orders = await worker(
      `exports.handler = async () => { process.stdout.write('a'); process.stdout.write('b\\nc\\r\\nü'); console.error('e') }`,
      { log: (line, meta) => lines.push([line, meta]) },
    )
    const { requestId, pid } = await orders.invoke({})
    await orders.stop()
    expect(lines.map(([line]) => line).sort()).toEqual(['ab', 'c', 'e', 'ü'])
    expect(lines.every(([, meta]) => meta.requestId === requestId && meta.pid === pid)).toBe(true)
  })

  it('tells a thrown error with its type, its trace and its causes, and keeps the process', async () => {
    const orders = await worker(
      `exports.handler = async () => { throw new TypeError('no', { cause: new RangeError('deep') }) }`,
    )
    const result = await orders.invoke({})
    expect(result).toMatchObject({
      kind: 'error',
      message: 'TypeError: no',
      error: { errorType: 'TypeError', errorMessage: 'no', cause: { errorType: 'RangeError', errorMessage: 'deep' } },
    })
    expect(result.kind === 'error' && result.error.stackTrace.join('\n')).toContain('handler.cjs:1')
    expect(await orders.invoke({})).toMatchObject({ kind: 'error', pid: result.pid, coldStart: false })
  })

  it.each([
    ['a string', `throw 'x'`, { errorType: 'string', errorMessage: 'x' }],
    ['an answer that is no JSON', 'return { n: 1n }', { errorType: 'TypeError' }],
    ['an answer over 6 MB', `return 'x'.repeat(6 * 1024 * 1024)`, { errorType: 'Function.ResponseSizeTooLarge' }],
  ])('takes %s for an error', async (_, body, error) => {
    const orders = await worker(`exports.handler = async () => { ${body} }`)
    expect(await orders.invoke({})).toMatchObject({ kind: 'error', error })
  })

  it('takes what nobody caught as Lambda’s client of this Node does, and uses that process no more', async () => {
    const orders = await worker(
      `exports.handler = (event) => event ? new Promise(() => Promise.reject(new Error('late'))) : 'fine'`,
    )
    const first = await orders.invoke(1)
    const isTold = Number.parseInt(process.versions.node, 10) < 24
    expect(first).toMatchObject(
      isTold ? { kind: 'error', error: { errorMessage: 'late' } } : { kind: 'crash', exitCode: 1 },
    )
    const second = await orders.invoke(0)
    expect(second).toMatchObject({ kind: 'ok', payload: 'fine', coldStart: true })
    expect(second.pid).not.toBe(first.pid)
  })

  it.each([
    ['that throws while it loads', `throw new Error('no table')`, 'Error: no table'],
    ['that is not there', 'exports.other = 1', 'Runtime.HandlerNotFound'],
    ['that takes a callback', 'exports.handler = (a, b, c) => c()', 'Runtime.CallbackHandlerDeprecated'],
  ])('tells of a handler %s, each time anew', async (_, source, message) => {
    const orders = await worker(source)
    const result = await orders.invoke({})
    expect(result).toMatchObject({ kind: 'init', message: expect.stringContaining(message) })
    expect(await orders.invoke({})).toMatchObject({ kind: 'init', coldStart: true })
  })

  it('kills the process at the deadline, also when it blocks, and goes on with a new one', async () => {
    const orders = await worker(`exports.handler = (event) => { while (event) {} return 'fine' }`, { timeoutMs: 300 })
    const result = await orders.invoke(1)
    expect(result).toMatchObject({ kind: 'timeout', message: expect.stringContaining('0.3 s') })
    expect(result.durationMs).toBeGreaterThanOrEqual(290)
    expect(gone(result.pid)).toBe(true)
    expect(await orders.invoke(0)).toMatchObject({ kind: 'ok', payload: 'fine', coldStart: true })
  })

  it('tells how a process ended that crashed or was killed in the middle, with all it had written', async () => {
    const lines: string[] = []
    const orders = await worker(
      `exports.handler = async (event) => {
        if (event) { for (let i = 0; i < 5000; i++) console.log('line ' + i); process.exit(7) }
        console.log('waiting'); await new Promise(() => setInterval(() => {}, 1000))
      }`,
      { log: (line) => lines.push(line) },
    )
    expect(await orders.invoke(1)).toMatchObject({ kind: 'crash', exitCode: 7, signal: null })
    expect(lines).toHaveLength(5000)
    const killed = orders.invoke(0)
    await vi.waitFor(() => expect(lines).toContain('waiting'))
    orders.kill()
    expect(await killed).toMatchObject({ kind: 'crash', exitCode: null, signal: 'SIGKILL' })
    expect(orders.pid).toBeUndefined()
  })

  it('gives the event to a new process when the old one was killed between two invocations', async () => {
    const orders = await worker('exports.handler = async () => process.pid')
    const first = await orders.invoke({})
    orders.kill()
    const second = await orders.invoke({})
    expect(second).toMatchObject({ kind: 'ok', coldStart: true })
    expect(second.pid).not.toBe(first.pid)
  })

  it('runs invocations that come at once in environments of their own, and uses those again [R-39 partly]', async () => {
    const orders = await worker(meeting(3))
    const first = await Promise.all([1, 2, 3].map((event) => orders.invoke(event)))
    const pids = new Set(first.map(({ pid }) => pid))
    expect(pids.size).toBe(3)
    expect(new Set(orders.pids)).toEqual(pids)
    expect(first.every((result) => result.kind === 'ok' && result.coldStart)).toBe(true)
    const again = await orders.invoke('alone')
    expect(again).toMatchObject({ kind: 'ok', coldStart: false, pid: orders.pid })
    expect(pids.has(again.pid)).toBe(true)
  })

  it('throttles what comes beyond its concurrency, without reaching the function', async () => {
    const orders = await worker(meeting(2), { concurrency: 2 })
    const two = [1, 2].map((event) => orders.invoke(event))
    await expect(orders.invoke(3)).rejects.toThrow('ML_LOCAL_THROTTLED')
    expect((await Promise.all(two)).map(({ kind }) => kind)).toEqual(['ok', 'ok'])
    expect(orders.pids).toHaveLength(2)
    const none = await worker(meeting(1), { concurrency: 0 })
    await expect(none.invoke(1)).rejects.toThrow('ML_LOCAL_THROTTLED')
  })

  it('kills one of its environments, or all of them', async () => {
    const orders = await worker(meeting(2))
    await Promise.all([1, 2].map((event) => orders.invoke(event)))
    const [one = 0, other = 0] = orders.pids
    orders.kill('SIGKILL', one)
    await isGone(one)
    expect(orders.pids).toEqual([other])
    orders.kill()
    await isGone(other)
    expect(orders.pids).toEqual([])
  })

  it('takes new code from the next invocation on, while what runs finishes on the old', async () => {
    const lines: string[] = []
    const orders = await worker(
      `exports.handler = async () => { console.log('begun'); await new Promise((r) => setTimeout(r, 200)); return 'old' }`,
      { log: (line) => lines.push(line) },
    )
    const running = orders.invoke(1)
    await vi.waitFor(() => expect(lines).toContain('begun'))
    const [old = 0] = orders.pids
    const updated = orders.update(await code(`exports.handler = async () => 'new'`))
    expect(await orders.invoke(2)).toMatchObject({ kind: 'ok', payload: 'new', version: 2, coldStart: true })
    expect(await running).toMatchObject({ kind: 'ok', payload: 'old', version: 1, pid: old })
    await updated
    await isGone(old)
    expect(orders.version).toBe(2)
    expect(orders.pids).not.toContain(old)
  })

  it('goes on with the code it has when there is none in the new folder', async () => {
    const orders = await worker(`exports.handler = async () => 'old'`)
    await expect(orders.update('/nowhere')).rejects.toThrow('ML_LOCAL_BUNDLE')
    expect(await orders.invoke(1)).toMatchObject({ kind: 'ok', payload: 'old', version: 1 })
  })

  it('keeps the warnings of libraries out of sight, and no others', async () => {
    const lines: string[] = []
    const orders = await worker(
      `exports.handler = async () => {
        process.emitWarning('-5 is a negative number', 'TimeoutNegativeWarning')
        process.emitWarning('mine', 'MyWarning')
      }`,
      { log: (line) => lines.push(line) },
    )
    await orders.invoke({})
    await orders.stop()
    expect(lines.join('\n')).toContain('MyWarning: mine')
    expect(lines.join('\n')).not.toContain('TimeoutNegativeWarning')
  })

  it('refuses code that is not there', () => {
    const nowhere = { functionName: 'f', handler: 'h.h', dir: '/nowhere', environment: {}, timeoutMs: 1, memoryMb: 128 }
    expect(() => startWorker(nowhere)).toThrow(/ML_LOCAL_BUNDLE.*serverless package/)
  })
})

describe('no process outlives', () => {
  const hang = `exports.handler = async (event) => { console.log('started'); while (event.block) {} return new Promise(() => setInterval(() => {}, 1000)) }`

  it('stop(), whatever its handler does', async () => {
    let started = (): void => undefined
    const running = new Promise<void>((resolve) => (started = resolve))
    const orders = await worker(hang, { log: () => started() })
    const result = orders.invoke({ block: true })
    await running
    const pid = orders.pid ?? 0
    await orders.stop()
    expect(gone(pid)).toBe(true)
    expect(await result).toMatchObject({ kind: 'crash', signal: 'SIGKILL' })
    await expect(orders.invoke({})).rejects.toThrow('ML_LOCAL_STOPPED')
  })

  it('stop() while it is being started', async () => {
    const orders = await worker(hang)
    const result = orders.invoke({ block: true })
    const refused = expect(result).rejects.toThrow('ML_LOCAL_STOPPED')
    await orders.stop()
    await refused
    expect(orders.pid).toBeUndefined()
  })

  it.each([
    ['is killed while the handler waits', 'SIGKILL', { block: false }],
    ['is killed while the handler blocks', 'SIGKILL', { block: true }],
    ['is told to end', 'SIGTERM', { block: true }],
  ] as const)('a parent that %s', async (_, signal, event) => {
    const dir = await code(hang)
    const options = {
      functionName: 'f',
      handler: 'handler.handler',
      dir,
      environment: {},
      timeoutMs: 60_000,
      memoryMb: 128,
    }
    const parent = join(dir, 'parent.mjs')
    await writeFile(
      parent,
      `import { startWorker } from ${JSON.stringify(pathToFileURL(join(compiledWorker, 'index.js')).href)}
       const log = (line, { pid }) => console.log(pid)
       await startWorker({ ...${JSON.stringify(options)}, log }).invoke(${JSON.stringify(event)})`,
    )
    const child: ChildProcess = spawn(process.execPath, [parent], { stdio: ['ignore', 'pipe', 'inherit'] })
    cleanups.push(() => child.kill('SIGKILL'))
    if (!child.stdout) throw new Error('no output')
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the parent ended with ${code}`)))
    const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended])
    const pid = Number(line)
    expect(gone(pid)).toBe(false)
    child.kill(signal)
    await isGone(pid)
  })
})
