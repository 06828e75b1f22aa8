import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder, whether this runs from `tools/` or from `dist/tools/`. */
export const root = findRoot(dirname(fileURLToPath(import.meta.url)))

function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  const parent = dirname(folder)
  if (parent === folder) throw new Error('no package.json above this tool; run it inside the project')
  return findRoot(parent)
}

/** Whether the module at this URL is what node was started with, and not imported, by a test for example. */
export function isCommand(url: string): boolean {
  const [, script] = process.argv
  return script !== undefined && existsSync(script) && realpathSync(script) === realpathSync(fileURLToPath(url))
}

/** The text of a file, by its path from the project's folder. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** A file's path from the project's folder, with `/` on every platform. */
export function fromRoot(path: string): string {
  return relative(root, path).split(sep).join('/')
}

/** Every file that git would keep, by its path from the project's folder. Needs no git: a tarball is checked as well. */
export function projectFiles(): string[] {
  const ignored = read('.gitignore').split('\n').filter(Boolean)
  return walk(root, [...ignored, '.git'].map(matcher))
}

function walk(folder: string, ignored: readonly ((name: string) => boolean)[]): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (ignored.some((matches) => matches(entry.name))) return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? walk(path, ignored) : [fromRoot(path)]
  })
}

/** The two forms that .gitignore uses: a name (with or without a slash at its end), and `*.ending`. */
function matcher(pattern: string): (name: string) => boolean {
  if (pattern.startsWith('*')) return (name) => name.endsWith(pattern.slice(1))
  const plain = pattern.replace(/\/$/, '')
  return (name) => name === plain
}
