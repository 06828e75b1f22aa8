import { existsSync } from 'node:fs'
import { MillraceError } from '../../errors.js'
import { Environment, unreached } from './environment.js'
import { runtimePath } from './path.js'
import type { InvokeResult, Worker, WorkerOptions } from './types.js'

/**
 * A worker for one function. Its process starts with the first invocation, is kept for the next, and is replaced after a
 * crash, a timeout or a failed initialisation. It dies with this process, however this process ends.
 *
 * @throws MillraceError `ML_LOCAL_BUNDLE` when the code's folder does not exist or the runtime is not built
 */
export function startWorker(options: WorkerOptions): Worker {
  const runtime = runtimePath()
  if (!existsSync(options.dir)) {
    throw new MillraceError(
      'ML_LOCAL_BUNDLE',
      `there is no folder ${options.dir} with the code of ${options.functionName}; run \`npx serverless package\``,
    )
  }
  let environment: Environment | undefined
  let stopped = false
  let turn: Promise<unknown> = Promise.resolve()

  const living = async (): Promise<Environment> => {
    if (!environment?.alive) await environment?.close()
    if (!stopped && !environment?.alive) environment = await Environment.start(options, runtime)
    if (!stopped && environment) return environment
    // It may have been stopped while the process was being started.
    await environment?.close()
    throw new MillraceError('ML_LOCAL_STOPPED', `the worker of ${options.functionName} was stopped; start a new one`)
  }

  const run = async (event: unknown): Promise<InvokeResult> => {
    for (;;) {
      // A process that ended between two invocations has not seen this event: another one takes it.
      const result = await (await living()).run(event)
      if (result !== unreached) return result
    }
  }

  return {
    get pid() {
      return environment?.alive ? environment.pid : undefined
    },
    invoke: (event) => {
      const result = turn.then(() => run(event))
      turn = result.catch(() => undefined)
      return result
    },
    kill: (signal = 'SIGKILL') => environment?.kill(signal),
    stop: async () => {
      stopped = true
      await environment?.close()
      await turn
    },
  }
}
