import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { Kafka, logLevel } from 'kafkajs'
import { expect, vi } from 'vitest'
import { compiledProgram } from '../local/program.js'

/** One `millrace …` as a process of its own, in a process group of its own as in a terminal. */
export interface Running {
  readonly child: ChildProcess
  readonly output: { readonly stdout: string; readonly stderr: string }
  /** The facts of the first line of this kind, with `--json`. */
  line<T>(event: string): Promise<T>
  /** The facts of all lines so far, with `--json`. */
  lines<T>(): T[]
  /** The processes that it has started and that live, theirs included. */
  descendants(): number[]
  /** Ctrl-C in a terminal reaches every process of the group. */
  ctrlC(): void
  /** Resolves with the exit code, or the signal it died of. */
  readonly ended: Promise<number | NodeJS.Signals>
}

const waiting = { timeout: 30_000, interval: 50 }

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
  const lines = (): { event: string }[] =>
    output.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
  const find = (event: string): unknown => lines().find((line) => line.event === event)
  return {
    child,
    output,
    lines: <T>() => lines() as T[],
    descendants: () => descendantsOf(child.pid ?? 0),
    ended: once(child, 'close').then(([code, signal]) => code ?? signal),
    ctrlC: () => void process.kill(-(child.pid ?? 0), 'SIGINT'),
    line: async <T>(event: string) => {
      await vi.waitFor(() => expect(find(event) ?? output.stderr).toMatchObject({ event }), waiting)
      return find(event) as T
    },
  }
}

function descendantsOf(pid: number): number[] {
  const parents = execFileSync('ps', ['-e', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const found = [pid]
  // A list may grow while it is walked; what is added is visited too.
  for (const one of found) {
    for (const [child = 0, parent] of parents) if (parent === one) found.push(child)
  }
  return found.slice(1).filter(isAlive)
}

/** Sends records to one partition of a topic, in order. */
export async function produce(brokers: readonly string[], topic: string, values: readonly string[]): Promise<void> {
  const producer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).producer()
  await producer.connect()
  await producer.send({ topic, messages: values.map((value) => ({ value, partition: 0 })) })
  await producer.disconnect()
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // One that ended is gone, also while nobody has collected it.
  const stat = `/proc/${pid}/stat`
  try {
    return !(existsSync(stat) && /\) Z /.test(readFileSync(stat, 'utf8')))
  } catch {
    return false
  }
}

/** Resolves when the process is gone. */
export async function gone(pid: number): Promise<void> {
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), waiting)
}
