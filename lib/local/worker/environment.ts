import { randomBytes, randomUUID } from 'node:crypto'
import { type RuntimeApi, serveRuntimeApi } from './api.js'
import { answered, type Ending, failed, oneLine } from './ending.js'
import { readInspector } from './inspector.js'
import { type Exit, type FunctionProcess, startProcess } from './process.js'
import type { FunctionError, InvokeResult, WorkerOptions } from './types.js'
import { functionArn } from './variables.js'

/** How long a process may take to load its handler, in milliseconds, where the function's timeout is not longer. */
const initLimitMs = 10_000

/** In place of a timeout where a debugger may hold the process: a day, in milliseconds. */
const debuggedMs = 86_400_000

/** The answer of {@link Environment.run} when the process ended before it was given the event. */
export const unreached = Symbol('the process ended before it was given the event')

interface Running {
  readonly requestId: string
  /** Given to the function; before, it waits for the process to load its handler. */
  handed: boolean
  startedAt: number
  timedOut: boolean
  timer: NodeJS.Timeout | undefined
  readonly end: (ending: Ending | typeof unreached) => void
}

/**
 * One process and the runtime API that it alone talks to, from spawn to exit. It is never revived.
 * At most one invocation runs in it, and that ends exactly once: by an answer, or with the process.
 */
export class Environment {
  readonly #options: WorkerOptions
  readonly #api: RuntimeApi
  readonly #process: FunctionProcess
  readonly #gone: Promise<void>
  #ready = false
  #dead = false
  #doomed = false
  #initError: FunctionError | undefined
  #running: Running | undefined
  #lastRequestId: string | undefined

  /** Starts the process; it loads its handler while the first event waits. */
  static async start(options: WorkerOptions, runtime: string): Promise<Environment> {
    const api = await serveRuntimeApi({
      // The process that causes these calls is started by the constructor below.
      ready: () => environment.#onReady(),
      started: () => environment.#onStarted(),
      answered: (body) => environment.#finish(answered(body)),
      failed: (error) => environment.#finish(failed(error)),
      initFailed: (error) => environment.#onInitFailed(error),
    })
    const environment = new Environment(options, runtime, api)
    return environment
  }

  private constructor(options: WorkerOptions, runtime: string, api: RuntimeApi) {
    this.#options = options
    this.#api = api
    this.#process = startProcess(options, runtime, api.address, (line) => this.#log(line))
    this.#gone = this.#process.ended.then((exit) => {
      api.close()
      this.#dead = true
      this.#finish(this.#ending(exit))
    })
  }

  get pid(): number {
    return this.#process.pid
  }

  /** A person at a breakpoint takes their time. */
  get #timeoutMs(): number {
    return this.#options.inspectPort === undefined ? this.#options.timeoutMs : debuggedMs
  }

  /** Whether it can take an event. */
  get alive(): boolean {
    return !this.#dead && !this.#doomed
  }

  /** Runs the function once; the caller sees to it that nothing else runs. */
  async run(event: unknown): Promise<InvokeResult | typeof unreached> {
    const body = JSON.stringify(event) ?? 'null'
    if (this.#dead) return unreached
    const requestId = randomUUID()
    const coldStart = this.#lastRequestId === undefined
    this.#lastRequestId = requestId
    const { promise, resolve } = withResolver<Ending | typeof unreached>()
    const running: Running = {
      requestId,
      handed: false,
      startedAt: Date.now(),
      timedOut: false,
      timer: undefined,
      end: resolve,
    }
    this.#running = running
    if (!this.#ready) this.#limit(running, Math.max(initLimitMs, this.#timeoutMs))
    this.#offer(requestId, body)
    const ending = await promise
    if (ending === unreached) return unreached
    return { requestId, durationMs: Date.now() - running.startedAt, pid: this.pid, coldStart, ...ending }
  }

  kill(signal: NodeJS.Signals): void {
    // Its end is certain, and nothing runs that has to learn of it; the next event shall not meet it dying.
    if (signal === 'SIGKILL' && !this.#running) this.#doomed = true
    this.#process.kill(signal)
  }

  /** Kills the process and resolves when it is gone and its output was read. */
  async close(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#gone
  }

  #offer(requestId: string, body: string): void {
    const { functionName, environment } = this.#options
    const root = `1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString('hex')}`
    this.#api.offer({
      requestId,
      functionArn: functionArn(functionName, environment.AWS_REGION ?? 'us-east-1'),
      traceId: `Root=${root};Parent=${randomBytes(8).toString('hex')};Sampled=0`,
      timeoutMs: this.#timeoutMs,
      body,
    })
  }

  #onReady(): void {
    this.#ready = true
  }

  #onStarted(): void {
    const running = this.#running
    if (!running) return
    running.handed = true
    running.startedAt = Date.now()
    this.#limit(running, this.#timeoutMs)
  }

  #onInitFailed(error: FunctionError): void {
    this.#initError = error
    // The client exits by itself; one that does not is of no use any more.
    this.#process.kill('SIGKILL')
  }

  #limit(running: Running, ms: number): void {
    clearTimeout(running.timer)
    running.timer = setTimeout(() => {
      running.timedOut = true
      this.#process.kill('SIGKILL')
    }, ms)
  }

  #finish(ending: Ending | typeof unreached): void {
    const running = this.#running
    if (!running) return
    clearTimeout(running.timer)
    this.#running = undefined
    running.end(ending)
  }

  /** Why the invocation that ran, if any, ended with the process. */
  #ending({ exitCode, signal, failure }: Exit): Ending | typeof unreached {
    const { handed = false, timedOut = false } = this.#running ?? {}
    if (timedOut && handed) {
      return { kind: 'timeout', message: `timed out after ${this.#options.timeoutMs / 1000} s; the process was killed` }
    }
    if (timedOut)
      return { kind: 'init', message: 'the handler did not load in time; look for slow work at module level' }
    if (this.#initError) return { kind: 'init', message: oneLine(this.#initError), error: this.#initError }
    if (this.#ready && !handed) return unreached
    const how = failure?.message ?? (signal === null ? `exit code ${exitCode}` : signal)
    const when = this.#ready ? '' : ' while it loaded the handler'
    return { kind: 'crash', message: `the function's process ended${when}: ${how}`, exitCode, signal }
  }

  #log(line: string): void {
    const requestId = this.#lastRequestId
    const { functionName, log, inspectPort, onInspector } = this.#options
    if (inspectPort !== undefined) {
      const said = readInspector(line)
      if (typeof said === 'string') onInspector?.({ functionName, pid: this.pid, url: said })
      if (said !== undefined) return
    }
    log?.(line, { functionName, pid: this.pid, ...(requestId === undefined ? {} : { requestId }) })
  }
}

function withResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => (resolve = settle))
  return { promise, resolve }
}
