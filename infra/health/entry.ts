import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The file that the health function is bundled from, in the service's folder, without its ending. */
export const entry = '.millrace/health'

const health = fileURLToPath(new URL('../../lib/health/index.js', import.meta.url))

/**
 * Writes that file. It lies in the service, because bundlers and Lambda name a handler by its path within that, and the package may
 * lie anywhere: hoisted, linked, be the service itself, or be known to it by the path of the plugin alone.
 */
export function writeEntry(serviceDir: string): void {
  // The plugin's own path has no links in it, either.
  const file = join(realpathSync(serviceDir), `${entry}.js`)
  const from = relative(dirname(file), health).replaceAll('\\', '/')
  const text = `export { handler } from '${from}'\n`
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
