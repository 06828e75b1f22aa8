import { type Counted, counted } from './history.js'
import { type RunResult, run } from './run.js'
import { shrink } from './shrink.js'

export interface SimulateOptions {
  readonly runs: number
  /** The seed of the first run; each further run has the next. */
  readonly seed: number
  readonly open: boolean
  /** Failing runs are made smaller; default true. */
  readonly shrinks?: boolean
}

/** A run in which something did not hold. */
export interface Found {
  readonly seed: number
  /** Which run it was, from 1. */
  readonly at: number
  readonly invariant: string
  readonly detail: string
  /** What happened, in as few steps as could be found. */
  readonly trace: readonly string[]
}

export interface Simulated {
  readonly seed: number
  readonly runs: number
  /** The first breach; under `open` there may be many, and only the first is told in full. */
  readonly found: Found | undefined
  readonly breaches: Readonly<Record<string, number>>
  readonly counts: Readonly<Record<Counted, number>>
  readonly ms: number
}

/** Runs until something does not hold, or all is done; under `open` to the end. */
export async function simulate(options: SimulateOptions): Promise<Simulated> {
  const { stackTraceLimit } = Error
  // A good part of the time would go into stacks that nobody reads.
  Error.stackTraceLimit = 0
  try {
    return await simulateAll(options)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

async function simulateAll({ runs, seed, open, shrinks = true }: SimulateOptions): Promise<Simulated> {
  const began = performance.now()
  const counts = Object.fromEntries(counted.map((name) => [name, 0])) as Record<Counted, number>
  const breaches: Record<string, number> = {}
  let found: Found | undefined
  let done = 0
  while (done < runs && (open || found === undefined)) {
    const result = await run(seed + done, { open, tracing: false })
    done++
    for (const name of counted) counts[name] += result.counts[name]
    if (result.violation === undefined) continue
    const { invariant } = result.violation
    breaches[invariant] = (breaches[invariant] ?? 0) + 1
    found ??= await told(result, seed + done - 1, done, open, shrinks)
  }
  return { seed, runs: done, found, breaches, counts, ms: performance.now() - began }
}

async function told(failing: RunResult, seed: number, at: number, open: boolean, shrinks: boolean): Promise<Found> {
  const smallest = shrinks ? await shrink(failing, { open, tracing: true }) : failing
  const { violation = { invariant: '', detail: '' }, trace } = smallest
  return { seed, at, ...violation, trace }
}
