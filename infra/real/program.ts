import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { root } from '../../tools/project.js'

export interface Ended {
  /** Null when it was killed, after five minutes at the latest, or could not be started. */
  readonly status: number | null
  readonly stdout: string
  /** All that it wrote, and why it was killed. */
  readonly output: string
}

export interface RunOptions {
  readonly cwd: string
  readonly env?: Record<string, string>
  /** Kills it. */
  readonly signal?: AbortSignal
}

/** The program itself, for a command line that does not begin with it. */
export const serverlessBin = join(root, 'node_modules/.bin/serverless')

/** Runs `serverless` without credentials, settings or endpoints of the person who runs the tests. */
export function serverless(cwd: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return run(serverlessBin, args, { cwd, env: { ...cleanEnvironment(cwd), ...env } })
}

/** Nothing but the path to Node, and a home without a profile. */
export function cleanEnvironment(home: string): Record<string, string> {
  const path = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`
  return { PATH: path, HOME: home, AWS_EC2_METADATA_DISABLED: 'true', SLS_NOTIFICATIONS_MODE: 'off' }
}

/** Runs a program to its end, without input. */
export function run(file: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  return new Promise((resolve) => {
    const limited = { ...options, timeout: 300_000, killSignal: 'SIGKILL' as const, maxBuffer: 64 * 1024 * 1024 }
    const child = execFile(file, args, limited, (error, stdout, stderr) => {
      const failure = child.exitCode === null ? `${error?.message} ${error?.signal ?? ''}` : ''
      resolve({ status: child.exitCode, stdout, output: stdout + stderr + failure })
    })
    child.stdin?.end()
  })
}

/** @throws where it did not end with 0 */
export function succeeded(ended: Ended): Ended {
  if (ended.status !== 0) throw new Error(`exit ${ended.status}: ${ended.output.slice(-1_500)}`)
  return ended
}
