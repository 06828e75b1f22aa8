import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { asError } from '../../errors.js'
import type { Metafile } from '../bundle/index.js'
import { codeFolder } from '../stack/index.js'
import type { State } from '../template/index.js'

/** What a bundle came to. Paths are absolute. */
export type Build =
  | {
      readonly ok: true
      readonly folder: string
      readonly outputs: readonly string[]
      readonly inputs: readonly string[]
      /** Its paths are relative to the service's folder. */
      readonly metafile: Metafile
    }
  /** One line per error, `file:line:column: what`, where the place is known. */
  | { readonly ok: false; readonly errors: readonly string[]; readonly inputs: readonly string[] }

/** Bundles one function, the second time in a fraction of the first. */
export interface Bundler {
  /** One at a time. Never rejects. */
  build(): Promise<Build>
  dispose(): Promise<void>
}

/** What is used of serverless-esbuild's plugin. */
interface Plugin {
  readonly hooks: { initialize(): Promise<void> }
  readonly functionEntries: readonly unknown[]
  readonly buildCache: Readonly<Record<string, { readonly result?: { readonly metafile?: Metafile } }>>
  buildOptions: Record<string, unknown>
  buildDirPath: string
  workDirPath: string
  bundle(): Promise<void>
  disposeContexts(): Promise<void>
}
type PluginClass = new (serverless: object, options: { function: string }, logging: { log: object }) => Plugin

/** As esbuild describes what it met. */
interface BuildFailure {
  readonly errors?: readonly {
    readonly text: string
    readonly location?: { readonly file: string; readonly line: number; readonly column: number } | null
  }[]
}

/** Whether serverless-esbuild bundles this service. */
export function isBundled({ service: { plugins } }: State): boolean {
  const names = Array.isArray(plugins)
    ? plugins
    : ((plugins as { modules?: readonly string[] } | undefined)?.modules ?? [])
  return names.includes('serverless-esbuild')
}

/**
 * Opens a bundler of one function: serverless-esbuild itself, as the service has installed and configured it, so that what is
 * reloaded is what is packaged; only that it keeps esbuild's work between two bundles.
 *
 * @throws Error where the plugin cannot be loaded, or does not bundle this function
 */
export async function openBundler(serviceDir: string, state: State, key: string): Promise<Bundler> {
  const root = resolve(serviceDir)
  const load = createRequire(join(root, 'serverless.yml'))
  const Plugin = load('serverless-esbuild') as PluginClass
  const plugin = new Plugin(standIn(root, state), { function: key }, { log: silent })
  await plugin.hooks.initialize()
  if (plugin.functionEntries.length !== 1) throw new Error(`serverless-esbuild does not bundle ${key}`)
  const folder = `${codeFolder(root, key, 0)}build`
  plugin.buildDirPath = plugin.workDirPath = folder
  Object.assign(plugin.buildOptions, {
    absWorkingDir: root,
    metafile: true,
    logLevel: 'silent',
    skipRebuild: false,
    disposeContext: true,
  })
  let inputs: readonly string[] = []
  return {
    build: async () => {
      try {
        await plugin.bundle()
        const metafile = Object.values(plugin.buildCache)[0]?.result?.metafile
        if (!metafile) throw new Error('serverless-esbuild left no metafile; its version is not known here')
        const absolute = (paths: Readonly<Record<string, unknown>>) =>
          Object.keys(paths).map((path) => resolve(root, path))
        inputs = absolute(metafile.inputs).filter(existsSync)
        return { ok: true, folder, outputs: absolute(metafile.outputs), inputs, metafile }
      } catch (error) {
        return { ok: false, errors: linesOf(error), inputs }
      }
    },
    dispose: () => plugin.disposeContexts(),
  }
}

/** As much of Serverless as the plugin looks at when it bundles. */
function standIn(root: string, { service }: State): object {
  const { functions } = service
  return {
    service: {
      ...service,
      package: { patterns: [], ...service.package },
      getFunction: (name: string) => functions[name],
    },
    config: { serviceDir: root, servicePath: root },
    configSchemaHandler: { defineFunctionProperties: () => undefined },
    classes: { Error },
  }
}

const nothing = (): void => undefined
const silent = {
  error: nothing,
  warning: nothing,
  notice: nothing,
  info: nothing,
  debug: nothing,
  verbose: nothing,
  success: nothing,
}

function linesOf(error: unknown): readonly string[] {
  const { errors = [] } = error as BuildFailure
  if (errors.length === 0) return [asError(error).message]
  return errors.map(({ text, location }) =>
    location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text,
  )
}

/** What tells two bundles apart: their code, without the source maps. Paths in it are relative to the folder. */
export async function fingerprint(folder: string, outputs: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of outputs.filter((one) => !one.endsWith('.map')).sort()) {
    hash.update(relative(folder, path)).update(await readFile(path).catch(() => 'none'))
  }
  return hash.digest('hex')
}
