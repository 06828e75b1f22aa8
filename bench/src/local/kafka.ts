import { existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Apache Kafka while it runs. */
export interface ApacheKafka {
  readonly brokers: string[]
  readonly version: string
  stop(): Promise<void>
}

/** What the real lane, as it was built beside this package, says it has. */
interface RealLane {
  missingTool(): string | undefined
  readonly kafkaJars: { readonly name: string }
  installJars(jars: RealLane['kafkaJars'], cache: string, log: (line: string) => void): Promise<string>
  startKafka(options: { readonly jars: string; readonly logs: string; readonly signal: AbortSignal }): Promise<{
    readonly address: string
    stop(): Promise<void>
  }>
}

const root = new URL('../../../', import.meta.url)

/** Starts Apache Kafka as `npm run test:real` does, or says why there is none. */
export async function startApacheKafka(): Promise<ApacheKafka | string> {
  const modules = ['java.js', 'maven.js', 'services/index.js'].map((file) => new URL(`dist/infra/real/${file}`, root))
  if (!modules.every((module) => existsSync(module))) return 'the real lane is not built'
  const parts = await Promise.all(modules.map((module) => import(module.href)))
  const { missingTool, kafkaJars, installJars, startKafka }: RealLane = Object.assign({}, ...parts)
  const missing = missingTool()
  if (missing !== undefined) return missing
  const cache = fileURLToPath(new URL('.cache/real', root))
  const logs = `${cache}/logs`
  mkdirSync(logs, { recursive: true })
  const jars = await installJars(kafkaJars, cache, (line) => void process.stderr.write(`${line}\n`))
  const service = await startKafka({ jars, logs, signal: new AbortController().signal })
  return { brokers: [service.address], version: kafkaJars.name, stop: () => service.stop() }
}
