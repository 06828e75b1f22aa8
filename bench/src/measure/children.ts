import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** How a program of this package is run in a process of its own. */
export interface ChildOptions {
  readonly args?: readonly string[]
  readonly nodeArgs?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** A process that was started, and the last that it wrote to its standard error. */
export interface Started {
  readonly child: ChildProcess
  /** Says how it ended. */
  readonly early: (how: unknown) => Error
}

/**
 * Starts a program of this package in a process of its own. What it logs goes nowhere: a line costs every side the same, and
 * standard output is for the results.
 *
 * @param program its path from the folder of compiled files
 */
export function startChild(program: string, { args = [], nodeArgs = [], env = {} }: ChildOptions): Started {
  const child = fork(fileURLToPath(new URL(`../${program}`, import.meta.url)), args, {
    // Keeps a figure that is no number what it is.
    serialization: 'advanced',
    execArgv: [...nodeArgs],
    env: {
      ...process.env,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk).slice(-4_000)
  })
  return { child, early: (how) => new Error(`${program} ended early (${how})\n${errors}`) }
}

/** Runs a program of this package in a process of its own, and answers the one message that it sends. */
export function inChild<T>(program: string, options: ChildOptions): Promise<T> {
  return new Promise((resolve, reject) => {
    const { child, early } = startChild(program, options)
    child.once('message', (message) => {
      resolve(message as T)
      if (child.connected) child.disconnect()
    })
    child.once('error', reject)
    // After its message this rejects nothing any more.
    child.once('close', (code, signal) => reject(early(signal ?? code)))
  })
}
