import { existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'
import { simulateIn } from '../halves.js'
import { fromDesign, type Mutant } from '../mutants-from-design.js'
import { run } from '../run.js'
import { planted } from './planted.js'
import { plantedOutputs } from './planted-outputs.js'

/** A bug has to be found within so many runs. */
const mostRuns = 2_000

/** What became of a planted bug. */
export interface MutantResult {
  readonly name: string
  readonly why: string
  /** The run that found it, from 1; left out: it survived. */
  readonly foundAt?: number
  /** What did not hold. */
  readonly invariant?: string
}

export interface MutantOptions {
  readonly seed: number
  /** Only those whose name holds this. */
  readonly only: string
  readonly mutants?: readonly Mutant[]
  onResult(result: MutantResult): void
}

const all: readonly Mutant[] = [...planted, ...plantedOutputs, ...fromDesign]

/**
 * Plants each bug in a bundle of its own, and runs the simulation on it.
 *
 * @throws Error where a bug cannot be planted, or a run that found one breaks something without it too
 */
export async function runMutants({ seed, only, onResult, mutants = all }: MutantOptions): Promise<MutantResult[]> {
  const root = projectRoot()
  const folder = join(root, '.cache', 'mutants')
  await mkdir(folder, { recursive: true })
  const chosen = mutants.filter(({ name }) => name.includes(only))
  await checkTexts(chosen, root)
  const results: MutantResult[] = []
  for (const [i, mutant] of chosen.entries()) {
    const outfile = join(folder, `${process.pid}-${i}.mjs`)
    try {
      await bundle(mutant, root, outfile)
      const result = { name: mutant.name, why: mutant.why, ...(await runBundle(outfile, seed)) }
      onResult(result)
      results.push(result)
    } finally {
      await rm(outfile, { force: true })
    }
  }
  return results
}

/** A bug whose text is gone or ambiguous would silently be none. */
async function checkTexts(mutants: readonly Mutant[], root: string): Promise<void> {
  const wrong: string[] = []
  for (const { name, file, find } of mutants) {
    const times = (await readFile(join(root, file), 'utf8')).split(find).length - 1
    if (times !== 1) wrong.push(`${name}: its text occurs ${times} times in ${file}`)
  }
  if (wrong.length > 0) throw new Error(`a bug is planted where its text occurs once:\n${wrong.join('\n')}`)
}

async function bundle(mutant: Mutant, root: string, outfile: string): Promise<void> {
  const { build } = await import('esbuild')
  const entry = join(root, 'lib/testing/simulation/child.ts')
  const options = { bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'silent' } as const
  await build({ ...options, entryPoints: [entry], outfile, plugins: [plant(mutant, root)] })
}

/** Replaces the text as the file is read. */
function plant({ name, file, find, replace }: Mutant, root: string): Plugin {
  return {
    name: 'plant',
    setup(build) {
      let planted = false
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (path !== join(root, file)) return undefined
        planted = true
        return { contents: (await readFile(path, 'utf8')).replace(find, () => replace), loader: 'ts' }
      })
      build.onEnd(() => {
        if (!planted) throw new Error(`${name}: ${file} is not part of the simulation`)
      })
    },
  }
}

async function runBundle(path: string, seed: number): Promise<Pick<MutantResult, 'foundAt' | 'invariant'>> {
  const found = (await simulateIn(path, { runs: mostRuns, seed, open: false, shrinks: false }))?.found
  if (found === undefined) return {}
  const { violation } = await run(found.seed, { open: false, tracing: false })
  if (violation !== undefined)
    throw new Error(`seed ${found.seed} finds something without a planted bug as well (${violation.invariant})`)
  return { foundAt: found.at, invariant: found.invariant }
}

/** The sources are beside the build, which has none of them. */
function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}
