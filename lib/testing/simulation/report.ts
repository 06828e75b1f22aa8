import type { MutantResult } from './mutants/index.js'
import type { Simulated } from './simulate.js'

/** Says what came of runs. Answers the exit code. */
export function reportRuns(simulated: Simulated, { open, json }: { open: boolean; json: boolean }): number {
  const { seed, runs, found, breaches, counts, ms } = simulated
  if (json) console.log(JSON.stringify({ ...simulated, ms: Math.round(ms) }))
  else {
    console.log(`${runs} runs from seed ${seed} in ${(ms / 1000).toFixed(1)} s`)
    for (const [name, n] of Object.entries(counts)) console.log(`${String(n).padStart(10)}  ${name}`)
    for (const [name, n] of Object.entries(breaches)) {
      console.log(`${String(n).padStart(10)}  BREACH ${name} (${((100 * n) / runs).toFixed(3)} %)`)
    }
    if (found !== undefined) {
      console.log(
        `\nseed ${found.seed}: ${found.invariant}: ${found.detail}\nthe shortest way there that was found (ms, what):\n`,
      )
      console.log(found.trace.map((line) => line.slice(0, 400)).join('\n'))
    }
  }
  // Open cases are known to break things: their rates are the result.
  return found === undefined || open ? 0 : 1
}

/** Says what became of a planted bug, as soon as it is known. */
export function reportMutant({ name, foundAt, invariant }: MutantResult): void {
  const verdict = foundAt === undefined ? 'SURVIVED' : `found at run ${String(foundAt).padStart(4)}: ${invariant}`
  console.log(`${name.padEnd(36)} ${verdict}`)
}

/** Says how many planted bugs were found. Answers the exit code. */
export function reportMutants(results: readonly MutantResult[], json: boolean): number {
  const survivors = results.filter(({ foundAt }) => foundAt === undefined)
  if (json) console.log(JSON.stringify({ mutants: results, survivors: survivors.length }))
  else console.log(`${results.length - survivors.length} of ${results.length} planted bugs found`)
  return survivors.length === 0 && results.length > 0 ? 0 : 1
}
