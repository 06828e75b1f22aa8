import { setTimeout as delay } from 'node:timers/promises'
import { type Admin, Kafka, type KafkaConfig, type LogEntry, logLevel } from 'kafkajs'
import { MillraceError } from '../../errors.js'
import { registerCodecs } from './codec/index.js'
import type { MappingConfig } from './config.js'

/** Takes one line for people. */
export type Log = (line: string) => void

/** How a client says who it is, where brokers ask. */
export type Security = Pick<KafkaConfig, 'ssl' | 'sasl'>

/** How long a client tries, where that is not as long as a mapping. */
export type Tries = Pick<KafkaConfig, 'retry' | 'connectionTimeout' | 'requestTimeout'>

/** A kafkajs client whose own words, from warnings on, go to the log. The broker knows it by its id. */
export function kafkaClient(
  clientId: string,
  brokers: readonly string[],
  log: Log,
  options: Security & Tries = {},
): Kafka {
  quietKafkajs()
  registerCodecs()
  return new Kafka({
    clientId,
    brokers: [...brokers],
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 5 },
    ...options,
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ label, namespace, log: { message, error } }: LogEntry) =>
        log(`kafkajs ${label} ${namespace}: ${message}${typeof error === 'string' ? ` (${error})` : ''}`),
  })
}

let quiet = false

/**
 * Keeps kafkajs' TimeoutNegativeWarning (on Node 24; it asks for timers in the past, which is harmless) out of sight, and
 * no other warning, nor this one where other code causes it.
 */
export function quietKafkajs(): void {
  if (quiet) return
  quiet = true
  const emit = process.emitWarning
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    const [options] = rest
    const type = typeof options === 'string' ? options : (options as { type?: string } | undefined)?.type
    if (type === 'TimeoutNegativeWarning' && new Error().stack?.includes('kafkajs')) return
    Reflect.apply(emit, process, [warning, ...rest])
  }) as typeof process.emitWarning
}

/** Offsets by partition. */
export type Offsets = Map<number, number>

/**
 * Where each partition starts that the group has no committed offset for; those it has are not in the answer, for the
 * starting position is ignored there (KAFKA-ESM §5). `explicit` goes before the mapping's position.
 *
 * @throws MillraceError `ML_LOCAL_TOPIC_MISSING`, `ML_OPTION_INVALID` where an explicit offset is none that the topic has
 */
export async function startingOffsets(
  admin: Admin,
  config: MappingConfig,
  explicit: Readonly<Record<number, number>> = {},
): Promise<{ starts: Offsets; partitions: number }> {
  const { topic, startingPosition, startingPositionTimestamp = 0 } = config
  if (!(await admin.listTopics()).includes(topic)) {
    throw new MillraceError(
      'ML_LOCAL_TOPIC_MISSING',
      `the topic "${topic}" of the mapping ${config.id} does not exist; create it before the mapping starts`,
    )
  }
  const ends = await admin.fetchTopicOffsets(topic)
  const atTimestamp =
    startingPosition === 'AT_TIMESTAMP'
      ? await admin.fetchTopicOffsetsByTimestamp(topic, startingPositionTimestamp * 1000)
      : []
  const committed = await committedOffsets(admin, config)
  checkOffsets(explicit, ends, topic)
  const starts: Offsets = new Map()
  for (const { partition, low, high } of ends) {
    if (committed.has(partition)) continue
    const start = explicit[partition]
    if (start !== undefined) {
      starts.set(partition, start)
      continue
    }
    const timed = atTimestamp.find((one) => one.partition === partition)?.offset
    starts.set(partition, Number(timed ?? (startingPosition === 'LATEST' ? high : low)))
  }
  return { starts, partitions: ends.length }
}

function checkOffsets(
  explicit: Readonly<Record<number, number>>,
  ends: readonly { partition: number; low: string; high: string }[],
  topic: string,
): void {
  for (const [partition, offset] of Object.entries(explicit)) {
    const { low, high } = ends.find((one) => String(one.partition) === partition) ?? { low: 'none', high: 'none' }
    if (Number.isInteger(offset) && offset >= Number(low) && offset <= Number(high)) continue
    throw new MillraceError(
      'ML_OPTION_INVALID',
      `startOffsets has ${offset} for partition ${partition}; the topic "${topic}" has ${low} to ${high} there`,
    )
  }
}

/** How many records the group has still to settle, by the broker's word; what is `read` up to an offset counts as settled. */
export async function groupLag(admin: Admin, config: MappingConfig, starts: Offsets, read: Offsets): Promise<number> {
  const [ends, committed] = [await admin.fetchTopicOffsets(config.topic), await committedOffsets(admin, config)]
  return ends.reduce((lag, { partition, low, high }) => {
    const from = read.get(partition) ?? committed.get(partition) ?? starts.get(partition) ?? Number(low)
    return lag + Math.max(0, Number(high) - from)
  }, 0)
}

/** How long a cluster may take to make the topic of committed offsets when its first group asks, in tries of a quarter second. */
const coordinatorTries = 80

/**
 * The group's committed offsets, as kafkajs tells them. A cluster that has just started has no coordinator for a while, which
 * kafkajs's admin does not wait for.
 */
export async function fetchGroupOffsets(admin: Admin, groupId: string, topic: string) {
  for (let tries = 1; ; tries++) {
    try {
      return await admin.fetchOffsets({ groupId, topics: [topic] })
    } catch (error) {
      const { type = '' } = error as { type?: string }
      if (!/COORDINATOR|GROUP_LOAD_IN_PROGRESS/.test(type) || tries === coordinatorTries) throw error
      await delay(250)
    }
  }
}

async function committedOffsets(admin: Admin, { group, topic }: MappingConfig): Promise<Offsets> {
  const answers = await fetchGroupOffsets(admin, group, topic)
  const partitions = answers.flatMap((answer) => (answer.topic === topic ? answer.partitions : []))
  return new Map(
    partitions.map(({ partition, offset }) => [partition, Number(offset)] as const).filter(([, offset]) => offset >= 0),
  )
}
