import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { systemClock } from '../../clock.js'
import { deploymentVariables, readDeployment, writeDeployment } from '../../deployment/index.js'
import { type MappingConfig, type Security, startMapping } from '../../local/esm/index.js'
import { ending, type Ground, startService } from '../../local/stack/index.js'
import type { FunctionConfig, Service } from '../../local/template/index.js'
import { boundsOf, committedOf } from '../offsets.js'
import { mappingOf, onlyReading } from '../reading.js'
import type { Stopping } from '../signals.js'
import type { Progress } from '../terminal.js'
import { usage, type Voice } from '../voice.js'
import { limited, type Replayed } from './limit.js'
import type { ReplayOptions } from './options.js'
import type { PartitionRange, Ranges } from './range.js'

/** What a replay into a function runs in. */
export interface Surroundings {
  readonly service: Service
  readonly ground: Ground
  readonly security: Security
  readonly admin: Admin
  /** The function's for this replay. */
  readonly group: string
  readonly voice: Voice
  readonly stopping: Stopping
  readonly progress: Progress
}

/** How a replay ended. */
export interface Ended extends Replayed {
  /** What is not settled: where to go on. */
  readonly left: readonly PartitionRange[]
}

/** How often it is asked what is settled, in milliseconds. */
const askEveryMs = 100

/**
 * Runs the function of a packaged service, on this machine and as another group, so that its ledger knows nothing as settled;
 * resolves when the ranges are settled, or when it is to stop.
 *
 * @throws MillraceError `ML_USAGE`, `ML_OFFSET_OUT_OF_RANGE` where Kafka let go of records meanwhile
 */
export async function replayInto(
  options: ReplayOptions,
  { ranges, bounds }: Ranges,
  { service, ground, security, admin, group, voice, stopping, progress }: Surroundings,
): Promise<Ended> {
  const { topic } = options
  const mapping = replayed(service, options, group)
  const fn = service.functions.find(({ name }) => name === mapping.functionName)
  if (fn === undefined) throw usage(`${options.function} is no function that runs locally`)
  const log = (line: string) => voice.say('log', line, { line })
  const end = ending()
  try {
    const alone = { ...service, functions: [asGroup(fn, topic, group)], mappings: [] }
    const running = await startService(alone, ground, {
      serviceDir: '.',
      log,
      functionLog: (line, { requestId }) =>
        voice.say('function', `${fn.key} | ${line}`, { function: fn.name, requestId, line }),
    })
    await end.add('the function', running.stop)
    const worker = running.workers.get(fn.name)
    if (worker === undefined) throw usage(`${fn.key} has not started`)
    const pace = { rate: options.rate, clock: systemClock, signal: stopping.signal }
    const limit = limited((event) => worker.invoke(event), topic, ranges, pace)
    const source = await startMapping(mapping, {
      ...{ brokers: ground.brokers, security, invoke: limit.invoke, onBatch: limit.onBatch, log },
      // Of the other partitions, nothing that is there.
      startOffsets: Object.fromEntries(
        bounds.map(({ partition, high }) => [
          partition,
          ranges.find((one) => one.partition === partition)?.from ?? high,
        ]),
      ),
    })
    await end.add('the mapping', source.stop)
    const boundsNow = () => boundsOf(admin, topic)
    const isDone = async () => {
      await limit.look(boundsNow)
      return limit.left(await committedOf(admin, group, topic)).length === 0
    }
    await Promise.race([
      source.idle(),
      until(isDone, stopping, () => progress.at(limit.replayed.records)),
      stopping.asked,
    ])
    // What is in flight is settled first.
    await source.stop()
    const left = limit.left(await committedOf(admin, group, topic))
    if (stopping.signal.aborted) return { ...limit.replayed, left }
    await limit.check(boundsNow)
    return { ...limit.replayed, left: [] }
  } finally {
    await end.stop()
  }
}

/** Before anything is started for it. @throws MillraceError `ML_USAGE` for a name that the service does not have */
export function checkFunction({ mappings, functions }: Service, { function: name = '' }: ReplayOptions): void {
  if (mappings.some(({ id }) => id === name) || functions.some((one) => one.key === name || one.name === name)) return
  throw usage(`this service has no function ${name}; it has ${functions.map(({ key }) => key).join(', ') || 'none'}`)
}

async function until(isDone: () => Promise<boolean>, { signal }: Stopping, tick: () => void): Promise<void> {
  while (!signal.aborted && !(await isDone())) {
    tick()
    await delay(askEveryMs)
  }
}

/** The function's mapping of the topic, as another group, that gives nothing up by itself. */
function replayed({ mappings, functions }: Service, options: ReplayOptions, group: string): MappingConfig {
  const { topic, function: name = '', rate } = options
  const ofTopic = mappings.filter((one) => one.topic === topic)
  if (ofTopic.length === 0)
    throw usage(`no function of this service reads ${topic}; give --group for one of another service`)
  const mapping = onlyReading(mappingOf({ mappings: ofTopic, functions }, name))
  const batchSize = Math.max(1, Math.min(mapping.batchSize, Math.floor(rate ?? Number.POSITIVE_INFINITY)))
  return { ...mapping, group, batchSize, startingPosition: 'LATEST' }
}

/** The function, told that it reads the topic as this group, in a folder of its own. */
function asGroup(fn: FunctionConfig, topic: string, group: string): FunctionConfig {
  const key = `${fn.key}+replay`
  if (fn.environment[deploymentVariables.mappings] === undefined) return { ...fn, key }
  const deployment = readDeployment(fn.environment)
  const mappings = deployment.mappings.map((one) => (one.topic === topic ? { ...one, group } : one))
  return { ...fn, key, environment: { ...fn.environment, ...writeDeployment({ ...deployment, mappings }) } }
}
