import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The file that the health function is bundled from, in the service's folder, without its ending. */
export const entry = '.millrace/health'

const text = "export { handler } from 'millrace/health'\n"

/**
 * Writes that file. It lies in the service, because bundlers and Lambda name a handler by its path within that, and the package may
 * lie anywhere: hoisted, linked, or be the service itself.
 */
export function writeEntry(serviceDir: string): void {
  const file = join(serviceDir, `${entry}.js`)
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
