import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Ending, ending } from '../../lib/local/stack/index.js'
import { root } from '../../tools/project.js'
import { type Differential, runDifferential } from './differential/index.js'
import { missingTool } from './java.js'
import { runJob, type Systems } from './jobs.js'
import { dynamodbJars, installJars, kafkaJars } from './maven.js'
import type { PartName, RealOptions } from './options.js'
import type { Counted, RealReport } from './report.js'
import { startDynamodb, startKafka } from './services/index.js'
import { wipe } from './wipe.js'

/** Around a run. */
export interface RealContext {
  /** Ends the run; everything that was started is stopped. */
  readonly signal: AbortSignal
  /** Takes a line about how far the run is. */
  readonly tell: (line: string) => void
}

/** What takes longer to stop is left alone, in milliseconds; its keeper ends it all the same. */
const stopLimitMs = 15_000

/** Where the jars are kept. */
const cache = join(root, '.cache/real')
/** What a failed run leaves; a good one removes it. */
const logs = join(cache, 'logs')

/**
 * Runs the lane: the real services, and on them the jobs and the comparison. Whatever happens, what it started is stopped when this ends.
 *
 * @throws MillraceError `ML_REAL_INSTALL`, `ML_REAL_START`, and the reason of the signal
 */
export async function runReal(options: RealOptions, { signal, tell }: RealContext): Promise<RealReport> {
  const began = performance.now()
  const missing = missingTool()
  if (missing !== undefined) {
    return { ok: true, passed: 0, failed: 0, skipped: missing, parts: [], elapsedMs: 0 }
  }
  rmSync(logs, { recursive: true, force: true })
  mkdirSync(logs, { recursive: true })
  const stopLater = ending({ limitMs: stopLimitMs })
  const parts: RealReport['parts'][number][] = []
  let differential: Differential | undefined
  let failures: readonly string[] = []
  try {
    const systems = await startSystems(stopLater, { signal, tell })
    for (const name of options.only) {
      tell(name)
      const from = performance.now()
      const part = await work[name]({ options, systems, signal, tell })
      if ('differential' in part) differential = part.differential
      parts.push({ ...counted(part), elapsedMs: Math.round(performance.now() - from) })
    }
  } finally {
    failures = await stopLater.run()
  }
  if (failures.length > 0) parts.push({ name: 'stopping', passed: 0, failures, elapsedMs: 0 })
  const passed = parts.reduce((sum, part) => sum + part.passed, 0)
  const failed = parts.reduce((sum, part) => sum + part.failures.length, 0)
  const ok = failed === 0
  if (ok) rmSync(logs, { recursive: true, force: true })
  const elapsedMs = Math.round(performance.now() - began)
  return { ok, passed, failed, parts, ...(differential ? { differential } : {}), elapsedMs }
}

/** Installs and starts both services, side by side. */
async function startSystems(stopLater: Ending, { signal, tell }: RealContext): Promise<Systems> {
  const jars = {
    kafka: await installJars(kafkaJars, cache, tell),
    dynamodb: await installJars(dynamodbJars, cache, tell),
  }
  tell('starting Apache Kafka and DynamoDB Local')
  const [kafka, dynamodb] = await Promise.allSettled([
    startKafka({ jars: jars.kafka, logs, signal }),
    startDynamodb({ jars: jars.dynamodb, logs, signal }),
  ])
  if (kafka.status === 'fulfilled') await stopLater.add('Apache Kafka', kafka.value.stop)
  if (dynamodb.status === 'fulfilled') await stopLater.add('DynamoDB Local', dynamodb.value.stop)
  if (kafka.status === 'rejected') throw kafka.reason
  if (dynamodb.status === 'rejected') throw dynamodb.reason
  return { brokers: kafka.value.address, dynamodbUrl: dynamodb.value.address }
}

interface Around extends RealContext {
  readonly options: RealOptions
  readonly systems: Systems
}

type Part = Counted | { readonly differential: Differential }

const work: Readonly<Record<PartName, (around: Around) => Promise<Part>>> = {
  'main-job': (around) => job('main-job', ['dist/start/main.js', '--json'], around),
  crash: (around) => job('crash', ['dist/crash/main.js', '--json', '--kills', String(around.options.kills)], around),
  differential: async ({ systems, signal, tell }) => ({
    differential: await runDifferential(systems, { signal, tell }),
  }),
}

/** Each job on systems that are as new. */
async function job(name: PartName, args: readonly string[], { systems, signal }: Around): Promise<Counted> {
  await wipe(systems)
  return runJob(
    { name, args: args.map((arg) => (arg.startsWith('dist/') ? join(root, arg) : arg)), logs },
    systems,
    signal,
  )
}

function counted(part: Part): Counted {
  if (!('differential' in part)) return part
  const { passed, failures } = part.differential
  return { name: 'differential', passed, failures }
}
