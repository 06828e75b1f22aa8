import { inChild } from './measure/children.js'
import { type Options, readOptions, usage } from './options.js'
import { table } from './report.js'
import type { Result } from './result.js'

/** Runs the suites one after another, each in a new process, so that none inherits the other's heap or compiled code. */
async function run({ rounds, smoke, only, json }: Options): Promise<void> {
  const results: Result[] = []
  for (const name of only) {
    process.stderr.write(`${name} …\n`)
    const args = [name, JSON.stringify({ rounds, smoke })]
    const measured = await inChild<Result[]>('suite-process.js', { args, nodeArgs: ['--expose-gc'] })
    // Tiny sizes show that it works, and say nothing about speed.
    results.push(...measured.map((one) => (smoke ? { ...one, goal: null, met: true } : one)))
  }
  console.log(json ? JSON.stringify({ results }) : table(results))
}

function options(): Options | undefined {
  try {
    return readOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`)
    process.exitCode = 2
    return undefined
  }
}

const wanted = options()
if (wanted !== undefined) await run(wanted)
