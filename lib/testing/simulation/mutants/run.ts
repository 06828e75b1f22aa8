import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Plugin } from 'esbuild'
import { fromDesign, type Mutant } from '../mutants-from-design.js'
import { planted } from './planted.js'

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
}

/** Plants each bug in a bundle of its own, and runs the simulation on it. @throws Error where a bug cannot be planted */
export async function runMutants({
  seed,
  only,
  mutants = [...planted, ...fromDesign],
}: MutantOptions): Promise<MutantResult[]> {
  const root = projectRoot()
  const folder = join(root, '.cache', 'mutants')
  await mkdir(folder, { recursive: true })
  const results: MutantResult[] = []
  for (const [i, mutant] of mutants.entries()) {
    if (!mutant.name.includes(only)) continue
    const outfile = join(folder, `${process.pid}-${i}.mjs`)
    try {
      await bundle(mutant, root, outfile)
      results.push({ name: mutant.name, why: mutant.why, ...(await runBundle(outfile, seed)) })
    } finally {
      await rm(outfile, { force: true })
    }
  }
  return results
}

async function bundle(mutant: Mutant, root: string, outfile: string): Promise<void> {
  const { build } = await import('esbuild')
  const entry = join(root, 'lib/testing/simulation/mutants/child.ts')
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
        const text = await readFile(path, 'utf8')
        const times = text.split(find).length - 1
        if (times !== 1) throw new Error(`${name}: its text occurs ${times} times in ${file}; it has to occur once`)
        planted = true
        return { contents: text.replace(find, () => replace), loader: 'ts' }
      })
      build.onEnd(() => {
        if (!planted) throw new Error(`${name}: ${file} is not part of the simulation`)
      })
    },
  }
}

async function runBundle(path: string, seed: number): Promise<Pick<MutantResult, 'foundAt' | 'invariant'>> {
  const { stdout } = await promisify(execFile)(process.execPath, [path, String(mostRuns), String(seed)])
  const { at, invariant } = JSON.parse(stdout) as { at?: number; invariant?: string }
  return at === undefined || invariant === undefined ? {} : { foundAt: at, invariant }
}

/** The sources are beside the build, which has none of them. */
function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}
