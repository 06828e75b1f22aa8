import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '../../errors.js'

/** The file descriptor of the lifeline in the function's process. */
export const lifelineFd = 3

/**
 * The compiled program of the function's process: beside this module when that is compiled itself, in `dist` when this runs
 * from source, as under vitest.
 *
 * @throws MillraceError `ML_LOCAL_BUNDLE` when it was never built
 */
export function runtimePath(): string {
  const places = ['./runtime.js', '../../../dist/lib/local/worker/runtime.js']
  const path = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync)
  if (path === undefined) {
    throw new MillraceError('ML_LOCAL_BUNDLE', 'the worker runtime is not built; run `npm run build` first')
  }
  return path
}
