import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Simulated, type SimulateOptions, simulate } from './simulate.js'

/** From so many runs on, a second process is worth its start. */
const worthTwo = 10_000

/** {@link simulate}, in two processes where there are many runs. One that finds something ends the other, but under `open`. */
export async function simulateInHalves(options: SimulateOptions): Promise<Simulated> {
  const { runs, seed, open } = options
  if (runs < worthTwo) return simulate(options)
  const half = Math.ceil(runs / 2)
  const stop = new AbortController()
  const results: Simulated[] = []
  const run = async (from: number, count: number) => {
    const result = await simulateIn(child, { ...options, seed: seed + from, runs: count }, stop.signal)
    if (result === undefined) return
    results.push({ ...result, found: result.found && { ...result.found, at: result.found.at + from } })
    if (result.found !== undefined && !open) stop.abort()
  }
  try {
    await Promise.all([run(0, half), run(half, runs - half)])
  } finally {
    stop.abort()
  }
  return results.sort((a, b) => a.seed - b.seed).reduce(merged)
}

/** {@link simulate} in a process of its own, by a script that takes its options; undefined if it was stopped. */
export async function simulateIn(
  script: string,
  options: SimulateOptions,
  signal?: AbortSignal,
): Promise<Simulated | undefined> {
  const args = [script, JSON.stringify(options)]
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      signal,
      maxBuffer: Number.POSITIVE_INFINITY,
    })
    return JSON.parse(stdout) as Simulated
  } catch (error) {
    if (signal?.aborted) return undefined
    throw error
  }
}

const child = fileURLToPath(new URL('./child.js', import.meta.url))

const merged = (a: Simulated, b: Simulated): Simulated => ({
  seed: a.seed,
  runs: a.runs + b.runs,
  found: a.found ?? b.found,
  breaches: sum(a.breaches, b.breaches),
  counts: sum(a.counts, b.counts) as Simulated['counts'],
  ms: Math.max(a.ms, b.ms),
})

function sum(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const total = { ...a }
  for (const [name, n] of Object.entries(b)) total[name] = (total[name] ?? 0) + n
  return total
}
