import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { asError, MillraceError } from '../../errors.js'
import type { KafkaEvent } from '../../event/index.js'
import type { InvokeResult } from '../worker/index.js'
import { checkConfig, type MappingConfig } from './config.js'
import type { Attempt, Discard } from './deliver.js'
import { envelopeOf } from './event.js'
import { type HistoryEntry, remember } from './history.js'
import { groupLag, kafkaClient, type Log, type Offsets, startingOffsets } from './kafka.js'
import { type Poller, startPoller } from './poller.js'
import type { Redelivery } from './response.js'

/** How a mapping is run. */
export interface MappingOptions {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  /** Invokes the function; {@link Worker.invoke} fits. A rejection says that the function was not reached. */
  readonly invoke: (event: KafkaEvent) => Promise<InvokeResult>
  /**
   * Milliseconds before a retry, by how many deliveries in a row have settled nothing (1 after one that did). Lambda's own are
   * not documented. Default: 100, doubled each time, at most 5000.
   */
  readonly retryBackoffMs?: (retry: number) => number
  /** What comes again after a partial failure; UNCONFIRMED which of both Lambda does. Default `from-lowest`. */
  readonly redelivery?: Redelivery
  /** Told of every invocation, after it. */
  readonly onBatch?: (attempt: Attempt) => void
  /** Told of records that Lambda would drop. The log tells of them too. */
  readonly onDiscard?: (discard: Discard) => void
  /** Takes what the mapping and kafkajs have to say. */
  readonly log?: Log
}

/** A mapping that runs. */
export interface RunningMapping {
  readonly config: MappingConfig
  /** The newest 1,000 invocations, oldest first. */
  readonly history: readonly HistoryEntry[]
  /** Resolves when the group has nothing left to read and nothing is in flight; at once when the mapping is disabled. */
  idle(): Promise<void>
  /**
   * A fault on purpose: delivers an event once more, between two batches, as Lambda may. Nothing is committed by it, and its
   * answer is not acted on.
   */
  redeliver(event: KafkaEvent): Promise<Attempt>
  /** Finishes the invocations in flight, commits what is settled, leaves the group. */
  stop(): Promise<void>
}

/** How often the broker is asked for the group's lag while somebody waits for it, in milliseconds. */
const lagEveryMs = 50

/**
 * Runs one event source mapping against a real Kafka cluster, as Lambda would (KAFKA-ESM §1 to §3). Resolves when its pollers
 * have joined the group.
 *
 * @throws MillraceError `ML_LOCAL_MAPPING_UNSUPPORTED`, `ML_LOCAL_TOPIC_MISSING`, `ML_LOCAL_KAFKA_UNREACHABLE`
 */
export async function startMapping(config: MappingConfig, options: MappingOptions): Promise<RunningMapping> {
  checkConfig(config)
  const log = options.log ?? (() => undefined)
  const kafka = kafkaClient(config, options.brokers, log)
  const admin = await connect(kafka.admin(), options.brokers)
  const history: HistoryEntry[] = []
  const pollers: Poller[] = []
  const state: { starts: Offsets; failure?: unknown; stopped: boolean } = { starts: new Map(), stopped: false }

  const close = async (): Promise<void> => {
    state.stopped = true
    await Promise.all(pollers.map((poller) => poller.stop()))
    await admin.disconnect()
  }
  const start = async (): Promise<void> => {
    const { starts, partitions } = await startingOffsets(admin, config)
    state.starts = starts
    const onFailure = (error: unknown): void => {
      state.failure ??= error
    }
    const context = { ...deliveryOf(config, options, log, history), kafka, starts, log, onFailure }
    const count = config.provisioned ? Math.min(config.minimumPollers ?? 1, partitions) : 1
    while (pollers.length < (config.enabled ? count : 0)) pollers.push(await startPoller(context))
  }
  const busy = () => pollers.some((poller) => poller.busy)
  const isIdle = async (): Promise<boolean> => {
    if (busy()) return false
    try {
      return (await groupLag(admin, config, state.starts)) === 0 && !busy()
    } catch (error) {
      // The mapping itself goes on when its broker comes back; so does who waits for it.
      log(`mapping ${config.id}: the group's lag is not known: ${asError(error).message}`)
      return false
    }
  }

  try {
    await start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    config,
    history,
    idle: async () => {
      while (config.enabled) {
        if (state.failure !== undefined) throw state.failure
        if (state.stopped) throw stoppedError(config)
        if (await isIdle()) return
        await delay(lagEveryMs)
      }
    },
    redeliver: async (event) => {
      const keys = Object.keys(event.records)
      const poller = pollers.find(({ owns }) => keys.some(owns)) ?? pollers[0]
      if (state.failure !== undefined) throw state.failure
      if (!poller || state.stopped) throw stoppedError(config)
      return poller.redeliver(event)
    },
    stop: close,
  }
}

async function connect(admin: Admin, brokers: readonly string[]): Promise<Admin> {
  try {
    await admin.connect()
    return admin
  } catch (cause) {
    throw new MillraceError(
      'ML_LOCAL_KAFKA_UNREACHABLE',
      `no Kafka broker answers at ${brokers.join(', ')}; start one with \`npx millrace broker\`, or set KAFKA_BROKERS`,
      { cause },
    )
  }
}

const stoppedError = ({ id }: MappingConfig): MillraceError =>
  new MillraceError('ML_LOCAL_STOPPED', `the mapping ${id} is stopped or disabled; start it first`)

/** The rules of delivery, with every report kept, logged and handed on. */
function deliveryOf(config: MappingConfig, options: MappingOptions, log: Log, history: HistoryEntry[]) {
  const { redelivery = 'from-lowest', retryBackoffMs = defaultBackoffMs } = options
  let batches = 0
  /** An observer that throws is not the mapping's fault and does not end it. */
  const tell = (what: () => void): void => {
    try {
      what()
    } catch (error) {
      log(`mapping ${config.id}: an observer threw: ${error}`)
    }
  }
  if (config.partialResponses && !config.provisioned) {
    log(
      `mapping ${config.id}: ReportBatchItemFailures needs a ProvisionedPollerConfig; without it every answer is a success`,
    )
  }
  return {
    config,
    envelope: envelopeOf(config, options.brokers),
    redelivery,
    invoke: options.invoke,
    backoffMs: retryBackoffMs,
    now: Date.now,
    nextBatch: () => ++batches,
    onAttempt: (attempt: Attempt) => {
      remember(history, attempt)
      tell(() => options.onBatch?.(attempt))
    },
    onDiscard: (discard: Discard) => {
      const ids = discard.records.map(({ topic, partition, offset }) => `${topic}:${partition}:${offset}`)
      log(`mapping ${config.id}: ${discard.condition}: DISCARDED ${ids.length} records: ${ids.slice(0, 20).join(' ')}`)
      tell(() => options.onDiscard?.(discard))
    },
  }
}

const defaultBackoffMs = (retry: number): number => Math.min(5000, 100 * 2 ** Math.min(retry - 1, 10))
