import { spawn } from 'node:child_process'
import { killGroup } from '../group.js'
import { lineSplitter } from './lines.js'
import type { WorkerOptions } from './types.js'
import { workerFlags, workerVariables } from './variables.js'

/** How long the output of a dead process is waited for, where a grandchild holds its pipes open, in milliseconds. */
const outputGraceMs = 500

/** How a process ended. */
export interface Exit {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** Where it could not even be started. */
  readonly failure?: Error
}

/** A function's process, from spawn to exit. */
export interface FunctionProcess {
  readonly pid: number
  kill(signal: NodeJS.Signals): void
  /** Resolves when the process has ended and what it wrote was read. Never rejects. */
  readonly ended: Promise<Exit>
}

/** Starts the runtime client of one function. `emit` receives its output, line by line. */
export function startProcess(
  options: WorkerOptions,
  runtime: string,
  runtimeApi: string,
  emit: (line: string) => void,
): FunctionProcess {
  const own = { node: process.execPath, flags: workerFlags(options), program: runtime }
  const { node, flags, program } = options.client ?? own
  const child = spawn(node, [...flags, program], {
    cwd: options.dir,
    env: workerVariables(options, runtimeApi),
    // Ctrl-C reaches a terminal's whole process group; the batch in flight is to be finished, so the function is not in it.
    detached: true,
    // The fourth is the lifeline: it closes when this process dies, however it dies.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) {
    const lines = lineSplitter(emit)
    stream?.on('data', (chunk: Buffer) => lines.write(chunk)).on('close', () => lines.end())
  }
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }))
    child.on('error', (failure) => {
      // Without a pid it never ran; with one, a signal could not be sent, and the exit is still to come.
      if (child.pid === undefined) resolve({ exitCode: null, signal: null, failure })
    })
  })
  const readToEnd = async (): Promise<Exit> => {
    const exit = await exited
    let grace: NodeJS.Timeout | undefined
    await Promise.race([closed, new Promise((resolve) => (grace = setTimeout(resolve, outputGraceMs)))])
    clearTimeout(grace)
    for (const stream of child.stdio) stream?.destroy()
    return exit
  }
  const kill = (signal: NodeJS.Signals): void => {
    // Its own children die with it; once it is gone its id may be somebody else's.
    if (child.exitCode !== null || child.signalCode !== null || !killGroup(child.pid, signal)) child.kill(signal)
  }
  return { pid: child.pid ?? 0, kill, ended: readToEnd() }
}
