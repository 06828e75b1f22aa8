import { relative, resolve } from 'node:path'
import type { Metafile } from './metafile.js'
import { type Installed, packageFinder } from './packages.js'

/** What a function's bundle is made of. */
export interface Contents {
  /** The largest first. */
  readonly packages: readonly PackageShare[]
  /** Packages of which the bundle has more than one copy. */
  readonly duplicates: readonly { readonly name: string; readonly copies: readonly PackageShare[] }[]
  /** A Kafka client in it, and the way from the handler to it; undefined where there is none. */
  readonly kafkaClient: { readonly name: string; readonly importedBy: readonly string[] } | undefined
}

/** How much of the bundle comes from a package. */
export interface PackageShare {
  /** The service itself has the name that its package.json gives it, or `(service)`. */
  readonly name: string
  readonly version: string
  /** From the service's folder; empty for the service itself. */
  readonly path: string
  /** In the bundle. */
  readonly bytes: number
}

const kafkaClients = new Set([
  'kafkajs',
  'node-rdkafka',
  '@confluentinc/kafka-javascript',
  '@platformatic/kafka',
  'kafka-node',
])

/** What of each package a bundle holds. `dir` is the folder that it was bundled in, the service's. */
export function contentsOf(metafile: Metafile, dir: string): Contents {
  const packageOf = packageFinder()
  const service: Installed = { name: '(service)', version: '', dir: resolve(dir) }
  const installed = (path: string) => packageOf(resolve(dir, path)) ?? service

  const shares = new Map<string, PackageShare>()
  for (const [path, bytes] of bundled(metafile)) {
    const { name, version, dir: where } = installed(path)
    const before = shares.get(where)?.bytes ?? 0
    shares.set(where, { name, version, path: relative(dir, where), bytes: before + bytes })
  }
  const packages = [...shares.values()].sort((one, other) => other.bytes - one.bytes)
  return { packages, duplicates: duplicatesIn(packages), kafkaClient: kafkaClientIn(metafile, installed, service.dir) }
}

function duplicatesIn(packages: readonly PackageShare[]): Contents['duplicates'] {
  const names = new Set(packages.map(({ name }) => name))
  return [...names].flatMap((name) => {
    const copies = packages.filter((one) => one.name === name)
    return copies.length > 1 ? [{ name, copies }] : []
  })
}

/** The first Kafka client met on the shortest way from the handler. */
function kafkaClientIn(
  { inputs, outputs }: Metafile,
  installed: (path: string) => Installed,
  dir: string,
): Contents['kafkaClient'] {
  const present = new Set(bundled({ inputs, outputs }).map(([path]) => path))
  const entries = Object.values(outputs).flatMap(({ entryPoint }) => entryPoint ?? [])
  const importers = new Map<string, string | undefined>(entries.map((entry) => [entry, undefined]))
  // A map may grow while it is walked; what is added is visited too.
  for (const [path] of importers) {
    const { name } = installed(path)
    if (kafkaClients.has(name) && present.has(path)) return { name, importedBy: wayTo(path, importers, installed, dir) }
    for (const one of inputs[path]?.imports ?? []) {
      if (!one.external && !importers.has(one.path)) importers.set(one.path, path)
    }
  }
  return undefined
}

/** From the handler on: files of the service, and of the others the packages; without the end itself. */
function wayTo(
  end: string,
  importers: ReadonlyMap<string, string | undefined>,
  installed: (path: string) => Installed,
  dir: string,
): readonly string[] {
  const way: string[] = []
  for (let path = importers.get(end); path !== undefined; path = importers.get(path)) {
    const { name, dir: where } = installed(path)
    const step = where === dir ? path : name
    if (way[0] !== step) way.unshift(step)
  }
  return way
}

/** The files of which something is in the bundle, with how much. */
function bundled({ outputs }: Metafile): readonly (readonly [path: string, bytes: number])[] {
  return Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [[path, bytesInOutput] as const] : [],
    ),
  )
}
