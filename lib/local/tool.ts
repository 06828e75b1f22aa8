import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'
import { killGroup } from './group.js'
import { compiledProgram } from './program.js'

/** A Node program of somebody else, run to its end. */
export interface ToolOptions {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  /** Kills it before its time. */
  readonly signal?: AbortSignal
  /** It is killed after so many milliseconds. */
  readonly limitMs: number
  /** What it writes when it has failed. It is ended two seconds after its last words then, where it does not end by itself. */
  readonly failure?: RegExp
}

/** How a program ended. */
export interface ToolResult {
  /** Null where it was killed. */
  readonly code: number | null
  readonly killedBy: NodeJS.Signals | null
  /** It wrote that it had failed. */
  readonly failed: boolean
  /** The last 100,000 characters that it wrote, both streams together. */
  readonly output: string
}

const mostOutput = 100_000
const lastWordsMs = 2_000

/**
 * Runs a Node program in a process group of its own: Ctrl-C in a terminal reaches this process alone, which may have to finish
 * first. What is left of the group dies with the program, and all of it with this process, however this process ends.
 */
export async function runTool(program: string, args: readonly string[], options: ToolOptions): Promise<ToolResult> {
  const { cwd, env = process.env, signal, limitMs, failure } = options
  if (signal?.aborted) return { code: null, killedBy: 'SIGKILL', failed: false, output: '' }
  const preload = pathToFileURL(compiledProgram(new URL('./tool-lifeline.js', import.meta.url)))
  const child = spawn(process.execPath, ['--import', preload.href, program, ...args], {
    cwd,
    env: { ...env, MILLRACE_TOOL: 'yes' },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const kill = (): void => void (killGroup(child.pid, 'SIGKILL') || child.kill('SIGKILL'))
  let output = ''
  let failed = false
  let lastWords: NodeJS.Timeout | undefined
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-mostOutput)
      failed ||= failure?.test(output) ?? false
      if (!failed) return
      clearTimeout(lastWords)
      lastWords = setTimeout(kill, lastWordsMs)
    })
  }
  const timer = setTimeout(kill, limitMs)
  signal?.addEventListener('abort', kill, { once: true })
  const closed = once(child, 'close')
  try {
    const [code, killedBy] = await Promise.race([once(child, 'exit'), closed])
    // What it has started may live, and hold its output open.
    killGroup(child.pid, 'SIGKILL')
    await closed
    return { code, killedBy, failed, output }
  } finally {
    clearTimeout(timer)
    clearTimeout(lastWords)
    signal?.removeEventListener('abort', kill)
  }
}
