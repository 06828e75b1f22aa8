import { execFile } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const source = join(root, 'lib/local/worker')

/** The compiled folder of the worker. */
export const compiledWorker = join(root, 'dist/lib/local/worker')

/**
 * A function's process runs compiled code also in tests: compiles it where it is older than its source. Each file is swapped
 * in at once, for tests run side by side.
 */
export async function compileRuntime(): Promise<void> {
  if (!isStale()) return
  await mkdir(join(root, 'dist'), { recursive: true })
  const out = await mkdtemp(join(root, 'dist', '.tests-'))
  const tsc = [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.build.json'), '--outDir', out]
  try {
    // A type error elsewhere is for `npm run types` to find; what does not run shows in the test.
    await promisify(execFile)(process.execPath, [...tsc, '--noEmitOnError', 'false']).catch(() => undefined)
    for (const file of [
      'lib/errors.js',
      'lib/local/group.js',
      'lib/local/program.js',
      ...readdirSync(join(out, 'lib/local/worker')).map((name) => `lib/local/worker/${name}`),
    ]) {
      const place = join(root, 'dist', file)
      await mkdir(dirname(place), { recursive: true })
      await rename(join(out, file), place)
    }
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

function isStale(): boolean {
  return readdirSync(source).some((name) => {
    if (/\.(test|fixture)\.ts$/.test(name)) return false
    const built = join(compiledWorker, name.replace(/ts$/, 'js'))
    return !existsSync(built) || statSync(built).mtimeMs < statSync(join(source, name)).mtimeMs
  })
}
