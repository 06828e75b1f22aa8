import { existsSync } from 'node:fs'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '../errors.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/**
 * The path of a compiled module that runs as a process of its own: where it says, when the caller is compiled itself, and in
 * `dist` when the caller runs from source, as under vitest.
 *
 * @throws MillraceError `ML_LOCAL_BUNDLE` when it was never built
 */
export function compiledProgram(module: URL): string {
  const path = fileURLToPath(module)
  const built = path.startsWith(root) ? `${root}dist${sep}${path.slice(root.length)}` : path
  const found = [path, built].find(existsSync)
  if (found !== undefined) return found
  throw new MillraceError('ML_LOCAL_BUNDLE', `${built} is not built; run \`npm run build\` first`)
}
