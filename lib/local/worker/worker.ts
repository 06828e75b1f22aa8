import { existsSync } from 'node:fs'
import { MillraceError } from '../../errors.js'
import { Environment, unreached } from './environment.js'
import { runtimePath } from './path.js'
import type { InvokeResult, Worker, WorkerOptions } from './types.js'

/** The limit of an account on Lambda. */
const accountConcurrency = 1000

/** A folder with code, and what runs it. */
interface Code {
  readonly version: number
  readonly options: WorkerOptions
  /** All that were not ended, the one used last at the end. */
  readonly environments: Set<Environment>
  /** Those that run nothing, the one used last at the end. */
  readonly idle: Environment[]
  readonly uses: Set<Promise<unknown>>
}

/**
 * A worker for one function. A process starts where an invocation finds none that is free, is kept for the next one, and is
 * replaced after a crash, a timeout or a failed initialisation. All die with this process, however this process ends.
 *
 * @throws MillraceError `ML_LOCAL_BUNDLE` when the code's folder does not exist or the runtime is not built
 */
export function startWorker(options: WorkerOptions): Worker {
  const runtime = runtimePath()
  const { functionName, concurrency = accountConcurrency, inspectPort } = options
  const running = new Set<Promise<unknown>>()
  let code = codeOf(1, options)
  let old: readonly Code[] = []
  let turn: Promise<unknown> = Promise.resolve()
  let stopped = false

  const living = (): Environment[] =>
    [...old, code].flatMap(({ environments }) => [...environments].filter(({ alive }) => alive)).reverse()

  const end = async ({ environments, idle }: Code, environment: Environment): Promise<void> => {
    const at = idle.indexOf(environment)
    if (at >= 0) idle.splice(at, 1)
    await environment.close()
    environments.delete(environment)
  }

  const start = async (of: Code): Promise<Environment> => {
    if (stopped) throw stoppedError(functionName)
    const environment = await Environment.start(of.options, runtime)
    of.environments.add(environment)
    // It may have been stopped while the process was being started.
    if (!stopped) return environment
    await end(of, environment)
    throw stoppedError(functionName)
  }

  /** An environment that nobody else has. The one used last comes first, as on Lambda: what is not needed stays idle. */
  const take = async (of: Code): Promise<Environment> => {
    for (let free = of.idle.pop(); free !== undefined; free = of.idle.pop()) {
      if (free.alive) return free
      await end(of, free)
    }
    return start(of)
  }

  const runOnce = async (of: Code, event: unknown): Promise<InvokeResult | typeof unreached> => {
    const environment = await take(of)
    of.environments.delete(environment)
    of.environments.add(environment)
    const result = await environment.run(event)
    if (environment.alive && of === code && !stopped) of.idle.push(environment)
    else await end(of, environment)
    return result
  }

  const run = async (event: unknown): Promise<InvokeResult> => {
    for (;;) {
      const of = code
      // A process that ended between two invocations has not seen this event: another one takes it.
      const result = await tracked(of.uses, runOnce(of, event))
      if (result !== unreached) return { ...result, version: of.version }
    }
  }

  /** A debugger finds the process before its first invocation, and so in time for its breakpoints. */
  const prepareForDebugger = (): void => {
    if (inspectPort === undefined) return
    const prepare = async () => void code.idle.push(await start(code))
    // Refused only when it is stopped; whatever else fails is told by the next invocation, which tries it again.
    turn = turn.then(prepare).catch(() => undefined)
  }

  prepareForDebugger()
  return {
    get pid() {
      return living()[0]?.pid
    },
    get pids() {
      return living().map(({ pid }) => pid)
    },
    get version() {
      return code.version
    },
    invoke: async (event) => {
      if (stopped) throw stoppedError(functionName)
      if (inspectPort !== undefined) {
        const result = turn.then(() => run(event))
        turn = result.catch(() => undefined)
        return tracked(running, result)
      }
      if (running.size >= concurrency) throw throttledError(functionName, concurrency)
      return tracked(running, run(event))
    },
    update: async (dir) => {
      const before = code
      code = codeOf(before.version + 1, { ...options, dir })
      old = [...old, before]
      await Promise.all([...before.idle].map((one) => end(before, one)))
      // Each ends its environment when it is through.
      await Promise.allSettled(before.uses)
      old = old.filter((one) => one !== before)
      prepareForDebugger()
    },
    kill: (signal = 'SIGKILL', pid) => {
      for (const one of living()) if (pid === undefined || pid === one.pid) one.kill(signal)
    },
    stop: async () => {
      stopped = true
      await Promise.all([...old, code].flatMap((of) => [...of.environments].map((one) => end(of, one))))
      await Promise.allSettled([turn, ...running])
    },
  }
}

function codeOf(version: number, options: WorkerOptions): Code {
  const { dir, functionName } = options
  if (existsSync(dir)) return { version, options, environments: new Set(), idle: [], uses: new Set() }
  throw new MillraceError(
    'ML_LOCAL_BUNDLE',
    `there is no folder ${dir} with the code of ${functionName}; run \`npx serverless package\``,
  )
}

/** The promise itself, a member of the set until it is settled. */
function tracked<T>(set: Set<Promise<unknown>>, promise: Promise<T>): Promise<T> {
  set.add(promise)
  const forget = () => set.delete(promise)
  promise.then(forget, forget)
  return promise
}

const stoppedError = (functionName: string): MillraceError =>
  new MillraceError('ML_LOCAL_STOPPED', `the worker of ${functionName} was stopped; start a new one`)

const throttledError = (functionName: string, concurrency: number): MillraceError =>
  new MillraceError(
    'ML_LOCAL_THROTTLED',
    `${functionName} runs ${concurrency} times at once already, which is all that it reserves; raise its reservedConcurrency`,
  )
