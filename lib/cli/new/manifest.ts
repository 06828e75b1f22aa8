import { readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/** What of a package.json is looked at. */
export interface Manifest {
  readonly name: string
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** A package and where it lies. */
export interface Package {
  /** Without symbolic links. */
  readonly root: string
  readonly manifest: Manifest
}

/** The package that this command is part of. */
export function ownPackage(): Package {
  const file = realpathSync(createRequire(import.meta.url).resolve('millrace/package.json'))
  return { root: dirname(file), manifest: JSON.parse(readFileSync(file, 'utf8')) }
}

/**
 * The package.json of a new service: the template's, whose dependencies have no versions yet. They get those that this
 * package is tested with, exactly.
 */
export function manifestOf(template: Manifest, own: Manifest, millrace: string): Manifest {
  const versions = { ...own.devDependencies, ...own.dependencies, millrace }
  const pinned = (names: Manifest['dependencies'] = {}): Record<string, string> =>
    Object.fromEntries(Object.keys(names).map((name) => [name, versionOf(versions, name)]))
  return {
    ...template,
    // npm takes no capitals.
    name: template.name.toLowerCase(),
    dependencies: pinned(template.dependencies),
    devDependencies: pinned(template.devDependencies),
  }
}

function versionOf(versions: Readonly<Record<string, string>>, name: string): string {
  const version = versions[name]
  if (version === undefined) throw new Error(`the template depends on ${name}, which millrace itself does not use`)
  return version
}
