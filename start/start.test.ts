import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Report } from './job.js'
import { isAlive } from './watch.js'

const root = fileURLToPath(new URL('..', import.meta.url))
/** A run waits for one lease, or two, and packages the service; on busy processors all of it takes longer. */
const patienceMs = 200_000

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the main job as `npm start` does, with fewer orders; `until` may interrupt it. */
async function start(args: readonly string[], interruptAfter?: RegExp): Promise<Ended & { pid: number }> {
  const child = spawn(process.execPath, ['dist/start/main.js', '--orders', '1000', ...args], { cwd: root })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (chunk) => (output[name] += chunk))
  if (interruptAfter) await child.on('spawn', () => setTimeout(() => child.kill('SIGINT'), 3_000))
  const [code] = await once(child, 'close')
  return { code, pid: child.pid ?? 0, ...output }
}

const report = ({ stdout }: Ended): Report => JSON.parse(stdout) as Report
const failed = ({ checks }: Report): string[] => checks.flatMap(({ name, ok }) => (ok ? [] : [name]))
