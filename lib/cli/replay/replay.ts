import type { Admin, Kafka } from 'kafkajs'
import { systemClock } from '../../clock.js'
import { asError, MillraceError } from '../../errors.js'
import { clientSecurity } from '../../kafka/index.js'
import { kafkaClient, type Security } from '../../local/esm/index.js'
import { type Ground, readPackaged, startGround } from '../../local/stack/index.js'
import type { Command, Surroundings } from '../command.js'
import { counted } from '../counted.js'
import { packaged } from '../dev.js'
import { securityOf } from '../kafka-security.js'
import { sourcesOf } from '../ledger/sources.js'
import { forget, replayGroup } from '../reading.js'
import { findTarget, readLocalRun, type Target } from '../target/index.js'
import { progressOf } from '../terminal.js'
import { type ExitCode, exitCodes, usage, type Voice } from '../voice.js'
import { checkFunction, type Ended, replayInto } from './into-function.js'
import { checkGroup, startGroup } from './into-group.js'
import type { ReplayOptions } from './options.js'
import { type PartitionRange, type Ranges, rangesOf } from './range.js'

/** `millrace replay <topic>`: records once more, into a function or a new group; the topic is only read. */
export const replay: Command<ReplayOptions> = async (options, surroundings) => {
  check(options)
  return options.group === undefined
    ? intoFunction(options, surroundings)
    : intoGroup({ ...options, group: options.group }, surroundings)
}

function check({ function: name, group, stage, stack, to, rate, reset, from }: ReplayOptions): void {
  if ((name === undefined) === (group === undefined)) throw usage('give --function or --group, one of the two')
  if (from.at === 'latest') throw usage('--from latest leaves nothing to replay; give earliest, a time, or offsets')
  if (group !== undefined && (to ?? rate) !== undefined)
    throw usage('--to and --rate are for --function: a group goes on by itself from where it starts')
  if (name === undefined) return
  if (reset) throw usage('--reset is for --group: a function is replayed into as a group of its own')
  if ((stage ?? stack) === undefined) return
  throw usage(
    `a deployed function reads as the group of its mapping, whose ledger would skip what is settled. Declare its handler a second time, as a function whose kafka event has another consumerGroupId; run this with --group and that id; then deploy`,
  )
}

async function intoFunction(options: ReplayOptions, { voice, stopping }: Surroundings): Promise<ExitCode> {
  // What runs here is packaged already.
  if (!options.package || readLocalRun('.') !== undefined) checkFunction(readPackaged('.'), options)
  const ground = await groundOf(options, voice)
  try {
    const security = clientSecurity(securityOf(options))
    return await withAdmin(ground.brokers, security, voice, async (admin) => {
      const ranges = await rangesOf(admin, options)
      tellRanges(voice, options, ranges)
      if (options.dryRun || totalOf(ranges.ranges) === 0) return exitCodes.ok
      if (options.package && !(await packaged(voice, stopping))) return exitCodes.failed
      const service = readPackaged('.')
      checkFunction(service, options)
      const group = `${replayGroup}${systemClock.nonce()}`
      const progress = progressOf(totalOf(ranges.ranges))
      try {
        const parts = { ground, security, admin, group, voice, stopping, progress, service }
        return tellEnd(voice, options, group, await replayInto(options, ranges, parts))
      } finally {
        progress.end()
        await forget(ground.brokers, group, voice, security)
      }
    })
  } finally {
    await ground.stop()
  }
}

/** Where `millrace dev` runs; else the Kafka that is named, and a store that is named or lives as long as this. */
async function groundOf({ brokers, endpoint }: ReplayOptions, voice: Voice): Promise<Ground> {
  const run = readLocalRun('.')
  const named = brokers ?? process.env.KAFKA_BROKERS ?? run?.brokers.join(',')
  if (!named) throw usage('which Kafka? `millrace dev` does not run here; give --brokers')
  const dynamodbUrl = endpoint ?? run?.dynamodbUrl
  const log = (line: string) => voice.say('log', line, { line })
  return startGround({ brokers: named, log, ...(dynamodbUrl && { dynamodbUrl }) })
}

async function intoGroup(
  options: ReplayOptions & { readonly group: string },
  { voice }: Surroundings,
): Promise<ExitCode> {
  const { group, topic, reset = false, dryRun = false } = options
  const target = await targetOf(options, voice)
  try {
    const brokers = options.brokers?.split(',') ?? target?.brokers ?? []
    return await withAdmin(brokers, clientSecurity(securityOf(options)), voice, async (admin, kafka) => {
      const ranges = await rangesOf(admin, options)
      await checkGroup(admin, { group, topic, reset })
      if (target) await checkLedger(target, options)
      tellRanges(voice, options, ranges)
      if (dryRun) return exitCodes.ok
      const starts = await startGroup(kafka, admin, { group, topic, reset }, ranges)
      const offsets = Object.fromEntries(starts)
      voice.say(
        'set',
        `the group ${group} starts there; deploy a function that reads ${topic} with consumerGroupId: ${group}`,
        { group, topic, offsets },
      )
      return exitCodes.ok
    })
  } finally {
    target?.close()
  }
}

/** The stack, for its Kafka and its ledger; where Kafka is named, it does without. */
async function targetOf(options: ReplayOptions, voice: Voice): Promise<Target | undefined> {
  try {
    const target = await findTarget(options)
    // Where they are not known, this says so.
    if (options.brokers === undefined) void target.brokers
    return target
  } catch (error) {
    if (options.brokers === undefined) throw error
    const line = `it is not known what the ledger of ${options.group} has: ${asError(error).message}`
    voice.say('log', line, { line })
    return undefined
  }
}

/** A group with a ledger would skip what is settled there. */
async function checkLedger(target: Target, { group = '', topic }: ReplayOptions): Promise<void> {
  const known = (await sourcesOf(target, { group, topic })).filter(({ item }) => item.state.settled.length > 0)
  if (known.length === 0) return
  throw usage(
    `the ledger of the group ${group} has records of ${topic} as settled, which its function would skip; give a group of another name`,
  )
}

async function withAdmin<T>(
  brokers: readonly string[],
  security: Security,
  voice: Voice,
  work: (admin: Admin, kafka: Kafka) => Promise<T>,
): Promise<T> {
  const kafka = kafkaClient('millrace-replay', brokers, (line) => voice.say('log', line, { line }), security)
  const admin = kafka.admin()
  try {
    await admin.connect().catch((cause: unknown) => {
      throw new MillraceError(
        'ML_LOCAL_KAFKA_UNREACHABLE',
        `Kafka does not answer at ${brokers.join(',')}; look at --brokers and KAFKA_BROKERS`,
        { cause },
      )
    })
    return await work(admin, kafka)
  } finally {
    await admin.disconnect()
  }
}

const totalOf = (ranges: readonly PartitionRange[]): number =>
  ranges.reduce((sum, { from, end }) => sum + end - from, 0)

function tellRanges(voice: Voice, { topic, dryRun = false }: ReplayOptions, { ranges }: Ranges): void {
  const lines = ranges.map(({ partition, from, end }) =>
    from < end ? `partition ${partition}: ${from} to ${end - 1}` : `partition ${partition}: nothing`,
  )
  const offsets = totalOf(ranges)
  const heading = `${dryRun ? 'would replay' : 'replays'} ${topic}, ${counted(offsets, 'offset')}`
  voice.say('ranges', [heading, ...lines].join('\n'), { topic, dryRun, offsets, ranges })
}

function tellEnd(voice: Voice, { topic, function: name }: ReplayOptions, group: string, ended: Ended): ExitCode {
  const { records, invocations, failed, left } = ended
  const goOn = left.map(({ partition, from }) => `${partition}:${from}`).join(',')
  const parts = [
    `${left.length > 0 ? 'stopped: ' : ''}replayed ${counted(records, 'record')} of ${topic} into ${name} as group ${group}`,
    `in ${counted(invocations, 'invocation')}${failed > 0 ? `, after ${failed} of which some came again` : ''}`,
    ...(left.length > 0 ? [`go on with --from ${goOn}`] : []),
  ]
  voice.say('replayed', parts.join(', '), { topic, group, records, invocations, failed, left })
  return left.length > 0 ? exitCodes.failed : exitCodes.ok
}
