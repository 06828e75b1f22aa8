import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'vitest'
import { compiledProgram } from '../local/program.js'

/** One `millrace …` as a process of its own, in a process group of its own as in a terminal. */
export interface Running {
  readonly child: ChildProcess
  readonly output: { readonly stdout: string; readonly stderr: string }
  /** The facts of the first line of this kind, with `--json`. */
  line<T>(event: string): Promise<T>
  /** Ctrl-C in a terminal reaches every process of the group. */
  ctrlC(): void
  /** Resolves with the exit code, or the signal it died of. */
  readonly ended: Promise<number | NodeJS.Signals>
}

const patienceMs = 15_000

export function millrace(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Running {
  const { KAFKA_BROKERS: _, AWS_ENDPOINT_URL_DYNAMODB: __, ...inherited } = process.env
  const child = spawn(process.execPath, [compiledProgram(new URL('./main.js', import.meta.url)), ...args], {
    cwd,
    env: { ...inherited, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk
  })
  const find = (event: string): unknown =>
    output.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
      .find((line) => line.event === event)
  return {
    child,
    output,
    ended: once(child, 'close').then(([code, signal]) => code ?? signal),
    ctrlC: () => void process.kill(-(child.pid ?? 0), 'SIGINT'),
    line: async <T>(event: string) => {
      await expect.poll(() => find(event) ?? output.stderr, { timeout: patienceMs }).toMatchObject({ event })
      return find(event) as T
    },
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Resolves when the process is gone. */
export async function gone(pid: number): Promise<void> {
  await expect.poll(() => isAlive(pid), { timeout: patienceMs }).toBe(false)
}
