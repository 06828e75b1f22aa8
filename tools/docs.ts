/**
 * `npm run docs`: every public export has a docstring. It reads the declaration files that the doors in package.json name,
 * follows what they export to where it is declared, prints each one without a docstring as `file:line name`, and ends
 * with 1 if there is any.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { statements } from './declarations.js'
import { type Link, type Meaning, meaning } from './exports.js'
import { fromRoot, isCommand, read, root } from './project.js'

/** An exported name, where it is declared, and whether a docstring precedes it there. */
export interface PublicName {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly documented: boolean
}

interface Parsed {
  readonly line: number
  readonly documented: boolean
  readonly meaning: Meaning
}

/** Every name that the declaration file exports, in the order it does. What another package declares is documented there. */
export function publicNames(file: string): PublicName[] {
  const parse = parser()
  const found = namesOf(file, parse, new Set()).flatMap((named) => {
    const places = placesOf(named.file, named.name, parse, new Set())
    // Overloads and merged declarations are one name: a docstring on any of them is enough.
    const place = places.find(({ documented }) => documented) ?? places[0] ?? { ...named, documented: false }
    return [{ ...place, name: named.name }]
  })
  return [...new Map(found.map((one) => [one.name, one])).values()]
}

type Parse = (file: string) => readonly Parsed[]

function parser(): Parse {
  const known = new Map<string, readonly Parsed[]>()
  return (file) => {
    const before = known.get(file)
    if (before) return before
    if (!existsSync(file)) throw new Error(`${file} is not there; run \`npm run build\` first`)
    const parsed = statements(readFileSync(file, 'utf8')).map((statement) => ({
      line: statement.line,
      documented: statement.documented,
      meaning: meaning(statement),
    }))
    known.set(file, parsed)
    return parsed
  }
}

/** The names a file exports, each with the file that says so. `seen` ends circles of `export *`. */
function namesOf(file: string, parse: Parse, seen: Set<string>): Omit<PublicName, 'documented'>[] {
  if (seen.has(file)) return []
  seen.add(file)
  return parse(file).flatMap(({ line, meaning }) => {
    const here = (name: string) => ({ name, file, line })
    if (meaning.kind === 'links') return meaning.links.map(({ exported }) => here(exported))
    if (meaning.kind === 'declares') return exportedNames(meaning).map(here)
    if (meaning.kind !== 'star') return []
    if (meaning.as !== undefined) return [here(meaning.as)]
    const target = declarationFile(file, meaning.from)
    return target === undefined ? [] : namesOf(target, parse, seen).filter(({ name }) => name !== 'default')
  })
}

/** Where the name that a file exports is declared; nowhere, if it cannot be found. */
function placesOf(file: string, name: string, parse: Parse, seen: Set<string>): PublicName[] {
  const key = `${file} ${name}`
  if (seen.has(key)) return []
  seen.add(key)
  return parse(file).flatMap(({ line, documented, meaning }): PublicName[] => {
    const here = { name, file, line, documented }
    if (meaning.kind === 'declares') return exportedNames(meaning).includes(name) ? [here] : []
    if (meaning.kind === 'star') {
      if (meaning.as !== undefined) return meaning.as === name ? [here] : []
      const target = declarationFile(file, meaning.from)
      return target === undefined || name === 'default' ? [] : placesOf(target, name, parse, seen)
    }
    if (meaning.kind !== 'links') return []
    const link = meaning.links.find(({ exported }) => exported === name)
    if (!link) return []
    return meaning.from === undefined
      ? localPlaces(here, link.local, parse, seen)
      : there(here, link, meaning.from, parse, seen)
  })
}

/** A name as this file declares or imports it. */
function localPlaces(at: PublicName, local: string, parse: Parse, seen: Set<string>): PublicName[] {
  return parse(at.file).flatMap(({ line, documented, meaning }): PublicName[] => {
    if (meaning.kind === 'declares') return meaning.names.includes(local) ? [{ ...at, line, documented }] : []
    const link = meaning.kind === 'imports' ? meaning.links.find(({ exported }) => exported === local) : undefined
    if (meaning.kind !== 'imports' || !link) return []
    return link.local === '*' ? [at] : there(at, link, meaning.from, parse, seen)
  })
}

function there(at: PublicName, link: Link, from: string, parse: Parse, seen: Set<string>): PublicName[] {
  const target = declarationFile(at.file, from)
  return target === undefined ? [{ ...at, documented: true }] : placesOf(target, link.local, parse, seen)
}

function exportedNames({ names, exported, isDefault }: Extract<Meaning, { kind: 'declares' }>): readonly string[] {
  if (!exported) return []
  return isDefault ? ['default'] : names
}

function declarationFile(file: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? resolve(dirname(file), specifier.replace(/\.(c|m)?js$/, '.d.$1ts')) : undefined
}

/** The declaration files of package.json's `exports`. */
export function doors(): string[] {
  const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, string | { types?: string }> }
  return Object.values(exports).flatMap((door) =>
    typeof door === 'string' || !door.types ? [] : [join(root, door.types)],
  )
}

function main(files: readonly string[]): number {
  const names = (files.length > 0 ? files.map((file) => resolve(file)) : doors()).flatMap(publicNames)
  const missing = names.filter(({ documented }) => !documented)
  const lines = new Set(missing.map(({ file, line, name }) => `${fromRoot(file)}:${line} ${name}`))
  for (const line of lines) console.log(line)
  console.log(`${names.length} public exports, ${lines.size} without a docstring`)
  return lines.size === 0 && names.length > 0 ? 0 : 1
}

if (isCommand(import.meta.url)) process.exitCode = main(process.argv.slice(2))
