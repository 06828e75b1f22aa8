import { readdirSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { asError } from '../../errors.js'
import type { RunningService } from '../stack/index.js'
import { readFiles, type State } from '../template/index.js'
import { isBundled } from './bundler.js'
import { type LiveCode, liveCode } from './code.js'
import { watchFolders } from './folders.js'
import { typesCheck, uncheckedBecause } from './types-check.js'

/** What is told of a service whose sources are watched. */
export type ReloadEvent =
  | { readonly kind: 'reloaded'; readonly functionName: string; readonly version: number; readonly tookMs: number }
  /** The function goes on with the code it has. */
  | { readonly kind: 'failed'; readonly functionName: string; readonly errors: readonly string[] }
  /** None where the types are fine again, after they were not. */
  | { readonly kind: 'types'; readonly errors: readonly string[] }
  /** The service has sources in TypeScript, and lacks what checks them. */
  | { readonly kind: 'unchecked'; readonly reason: string }
  /** serverless.yml, or the configuration of its bundles, was saved. */
  | { readonly kind: 'configuration'; readonly file: string }
  /** Saving has no effect on this function. */
  | { readonly kind: 'unwatched'; readonly functionName: string; readonly reason: string }

export interface WatchOptions {
  readonly serviceDir: string
  readonly service: Pick<RunningService, 'functions' | 'workers'>
  readonly tell: (event: ReloadEvent) => void
}

/** The watch over a service's sources. */
export interface SourceWatch {
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>
}

/** Editors write in several steps; what follows within so many milliseconds is one change. */
const settleMs = 40

/**
 * Watches all that went into the bundles of a service's functions, packages in node_modules apart, and has each function take its
 * new code where that is another. Costs nothing while nothing changes. Resolves when it watches.
 *
 * @throws MillraceError `ML_LOCAL_TEMPLATE` where the service is not packaged
 */
export async function watchSources({ serviceDir, service, tell }: WatchOptions): Promise<SourceWatch> {
  const { state } = readFiles(serviceDir)
  const configuration = configurationFiles(serviceDir, state)
  const changed = new Set<string>()
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let work: Promise<void> = Promise.resolve()
  let hadErrors = false
  const types = typesCheck(serviceDir, (errors) => {
    if (errors.length > 0 || hadErrors) tell({ kind: 'types', errors })
    hadErrors = errors.length > 0
  })
  const codes = await openCodes(serviceDir, state, service, tell)
  const folders = watchFolders((path) => {
    if (stopped) return
    changed.add(path)
    clearTimeout(timer)
    timer = setTimeout(() => {
      work = work.then(look)
    }, settleMs)
  })

  const reload = async (code: LiveCode): Promise<void> => {
    const { functionName } = code
    const began = performance.now()
    const result = await code.reload()
    if (stopped) return
    if (result.kind === 'failed') return tell({ kind: 'failed', functionName, errors: result.errors })
    if (result.kind === 'same') return
    tell({ kind: 'reloaded', functionName, version: result.version, tookMs: Math.round(performance.now() - began) })
    // What still runs on the old code is not waited for; that its folder stays is no harm.
    result.over.catch(() => undefined)
  }

  const look = async (): Promise<void> => {
    if (stopped) return
    const paths = [...changed]
    changed.clear()
    const file = paths.find((path) => configuration.includes(path))
    if (file !== undefined) tell({ kind: 'configuration', file })
    const touched = codes.filter(({ failing, inputs }) => failing || paths.some((path) => inputs.includes(path)))
    await Promise.all(touched.map(reload))
    if (stopped) return
    rearm()
    if (touched.length > 0) types?.run()
  }

  const rearm = (): void => {
    try {
      folders.set(toWatch(codes, configuration))
    } catch (error) {
      // For example: the system's limit on watches.
      for (const { functionName } of codes) tell({ kind: 'unwatched', functionName, reason: asError(error).message })
    }
  }

  // What was saved since it was packaged is taken, and what went into the bundles is known from here on.
  await Promise.all(codes.map(reload))
  rearm()
  // Once more: what was saved while they were bundled came before anything was watched.
  await Promise.all(codes.map(reload))
  rearm()
  types?.run()
  const unchecked = codes.some(isTypeScript) ? uncheckedBecause(serviceDir) : undefined
  if (unchecked !== undefined) tell({ kind: 'unchecked', reason: unchecked })
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      folders.close()
      await work
      await Promise.all([types?.stop(), ...codes.map((code) => code.dispose())])
    },
  }
}

async function openCodes(
  serviceDir: string,
  state: State,
  { functions, workers }: WatchOptions['service'],
  tell: WatchOptions['tell'],
): Promise<readonly LiveCode[]> {
  const codes: LiveCode[] = []
  for (const config of functions) {
    const worker = workers.get(config.name)
    try {
      if (!isBundled(state)) throw new Error('serverless-esbuild does not bundle this service')
      if (worker) codes.push(await liveCode(serviceDir, state, config, worker))
    } catch (error) {
      tell({ kind: 'unwatched', functionName: config.name, reason: asError(error).message })
    }
  }
  return codes
}

function configurationFiles(serviceDir: string, { service }: State): readonly string[] {
  const { serviceFilename = 'serverless.yml', custom } = service
  return [serviceFilename, custom?.esbuild?.config ?? serviceFilename].map((file) => resolve(serviceDir, file))
}

const inPackages = (path: string): boolean => path.split(sep).includes('node_modules')

const isTypeScript = ({ inputs }: LiveCode): boolean =>
  inputs.some((path) => /\.[cm]?tsx?$/.test(path) && !inPackages(path))

/** The folders of all that went into the bundles; where one failed, those beside and below them as well. */
function toWatch(codes: readonly LiveCode[], configuration: readonly string[]): ReadonlySet<string> {
  const own = (code: LiveCode) => code.inputs.filter((path) => !inPackages(path)).map((path) => dirname(path))
  const missing = codes.filter(({ failing }) => failing).flatMap(own)
  return new Set([...configuration.map((path) => dirname(path)), ...codes.flatMap(own), ...missing.flatMap(below)])
}

function below(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    const folders = entries.filter((entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name))
    return folders.map(({ name }) => join(folder, name))
  } catch {
    return []
  }
}
