import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { usage } from '../voice.js'
import type { Package } from './manifest.js'

/**
 * What a service in this folder has to write in its package.json to get millrace.
 *
 * @param asked what the person says: a version or anything else that npm takes; a path is meant from the current folder
 * @param own the package that asks: without a wish, the service gets the same
 */
export function specOf(asked: string | undefined, own: Package, folder: string): string {
  if (asked === undefined) return sameAs(own, folder)
  if (!isPath(asked)) return asked
  const path = asked.replace(/^file:/, '')
  if (existsSync(path)) return fileSpec(resolve(path), folder)
  throw usage(`--millrace ${asked}: there is no such file or folder; give the tarball of \`npm pack\`, or a version`)
}

const isPath = (spec: string): boolean =>
  isAbsolute(spec) || /^(file:|\.)/.test(spec) || (spec.endsWith('.tgz') && !spec.includes('://'))

/**
 * npm notes of each package where it came from. What came from a tarball beside it or from git comes from there again; what came from
 * a registry has its version; and what was not installed at all is a checkout, linked or run as it is.
 */
function sameAs({ root, manifest }: Package, folder: string): string {
  const modules = dirname(root)
  if (basename(modules) !== 'node_modules') return fileSpec(root, folder)
  const from = installedFrom(join(modules, '.package-lock.json'), manifest.name)
  if (from?.startsWith('file:')) return fileSpec(resolve(dirname(modules), from.slice('file:'.length)), folder)
  return from?.startsWith('git') ? from : String(manifest.version)
}

/** What npm noted as it installed; undefined where another program did. */
function installedFrom(lock: string, name: string): string | undefined {
  if (!existsSync(lock)) return undefined
  const { packages } = JSON.parse(readFileSync(lock, 'utf8')) as { packages?: Record<string, { resolved?: string }> }
  return packages?.[`node_modules/${name}`]?.resolved
}

/** From the service, so that both can be moved together. */
function fileSpec(path: string, folder: string): string {
  return `file:${relative(folder, path).split(sep).join('/')}`
}
