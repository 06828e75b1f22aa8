import { parseArgs } from 'node:util'
import { simulateInHalves } from './halves.js'
import { runMutants } from './mutants/index.js'
import { reportMutant, reportMutants, reportRuns } from './report.js'

const usage = `usage: npm run sim -- [--runs 10000] [--seed N] [--open] [--mutants [--only <words>]] [--json]

  --runs N     so many random runs of the whole engine, each with a seed of its own
  --seed N     the first seed; a run that failed is repeated by its seed and --runs 1
  --open       lets the cases come up that are known to be open, and prints how often they break something
  --mutants    plants known bugs, one at a time, and expects each to be found within 2,000 runs (--only: those whose name holds it)

Ends with 0 if all held, 1 if something was found (a mutant: survived), 2 on wrong use.`

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const options = read(args)
  if (options === undefined) {
    console.error(usage)
    return 2
  }
  const { runs, seed, open, json, mutants, only } = options
  if (mutants) return reportMutants(await runMutants({ seed, only, onResult: json ? () => {} : reportMutant }), json)
  return reportRuns(await simulateInHalves({ runs, seed, open }), { open, json })
}

function read(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        runs: { type: 'string', default: '10000' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
        only: { type: 'string', default: '' },
        open: { type: 'boolean', default: false },
        mutants: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
    const [runs, seed] = [Number(values.runs), Number(values.seed)]
    return Number.isSafeInteger(runs) && runs > 0 && Number.isSafeInteger(seed) ? { ...values, runs, seed } : undefined
  } catch {
    return undefined
  }
}
