import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A package as it lies on disk. */
export interface Installed {
  readonly name: string
  readonly version: string
  /** Absolute. */
  readonly dir: string
}

/** Finds the package that a file belongs to: that of the nearest package.json with a name; undefined where there is none. */
export function packageFinder(): (file: string) => Installed | undefined {
  const known = new Map<string, Installed | undefined>()
  const of = (dir: string): Installed | undefined => {
    if (known.has(dir)) return known.get(dir)
    const parent = dirname(dir)
    const found = read(dir) ?? (parent === dir ? undefined : of(parent))
    known.set(dir, found)
    return found
  }
  return (file) => of(dirname(file))
}

/** One without a name only says how files are read, as many packages have it in a folder of their own. */
function read(dir: string): Installed | undefined {
  const file = join(dir, 'package.json')
  if (!existsSync(file)) return undefined
  const { name, version = '' } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Installed>
  return name === undefined ? undefined : { name, version, dir }
}
