import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { read, root } from './project.js'

const specifiers = [
  /^(?:import|export)\s(?:[^'"]*?\sfrom\s*)?['"]([^'"]+)['"]/gm,
  /\b(?:import|require|require\.resolve)\s*\(\s*['"]([^'"]+)['"]/g,
]

/** What a source file imports, types included: project files by their path, packages by their name. */
export function importsOf(file: string): string[] {
  const source = read(file)
  return specifiers.flatMap((pattern) =>
    [...source.matchAll(pattern)].map(([, specifier = '']) => target(file, specifier)),
  )
}

function target(file: string, specifier: string): string {
  if (!specifier.startsWith('.')) return packageName(specifier)
  const path = posix.join(posix.dirname(file), specifier).replace(/\.js$/, '.ts')
  if (!existsSync(join(root, path)) && !path.endsWith('.json'))
    throw new Error(`${file} imports ${specifier}, which is not there`)
  return path
}

/** `@scope/name/part` is of the package `@scope/name`; `node:fs` stays as it is. */
function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** All that can be reached from a file, itself included, each with the file that imports it. */
export function reachable(entry: string): ReadonlyMap<string, string> {
  const found = new Map([[entry, entry]])
  // A map may grow while it is walked; what is added is visited too.
  for (const [file] of found) {
    if (!file.endsWith('.ts')) continue
    for (const imported of importsOf(file)) if (!found.has(imported)) found.set(imported, file)
  }
  return found
}
