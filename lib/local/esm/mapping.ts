import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { asError, MillraceError } from '../../errors.js'
import { checkConfig, type MappingConfig } from './config.js'
import type { Attempt, Discard } from './deliver.js'
import { envelopeOf } from './event.js'
import { forceRebalance } from './faults.js'
import { type HistoryEntry, remember } from './history.js'
import { groupLag, kafkaClient, type Log, type Offsets, startingOffsets } from './kafka.js'
import { observers } from './observers.js'
import type { MappingOptions, RunningMapping } from './options.js'
import { type Poller, startPoller } from './poller.js'

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
  const log = logOf(options, `mapping ${config.id}`)
  const kafka = kafkaClient(`millrace-${config.id}`, options.brokers, log)
  const admin = await connect(kafka.admin(), options.brokers)
  const history: HistoryEntry[] = []
  const pollers: Poller[] = []
  const errors = observers(log, options.onError)
  const state: { starts: Offsets; heldUntil: number; failure?: unknown; stopped?: Promise<void> } = {
    starts: new Map(),
    heldUntil: 0,
  }

  const close = async (): Promise<void> => {
    await Promise.all(pollers.map((poller) => poller.stop()))
    await admin.disconnect()
  }
  const stop = (): Promise<void> => {
    state.stopped ??= close()
    return state.stopped
  }
  const fail = (error: unknown): void => {
    state.failure ??= error
    stop().catch((also: unknown) => log(`it could not be stopped: ${asError(also).message}`))
  }
  const start = async (): Promise<void> => {
    const { starts, partitions } = await startingOffsets(admin, config)
    state.starts = starts
    const shared = { ...deliveryOf(config, options, log, history), starts, heldUntil: () => state.heldUntil }
    const count = config.provisioned ? Math.min(config.minimumPollers ?? 1, partitions) : 1
    while (pollers.length < (config.enabled ? count : 0) && !state.stopped) {
      const poller = `${config.id}/${pollers.length + 1}`
      const own = logOf(options, `mapping ${config.id} poller ${poller}`)
      const onError = (error: MillraceError): void => {
        own(error.message)
        errors.tell(error)
        if (options.errorPolicy === 'fail') fail(error)
      }
      const client = kafkaClient(`millrace-${poller}`, options.brokers, own)
      pollers.push(await startPoller({ ...shared, poller, kafka: client, log: own, onError, onFailure: fail }))
    }
  }
  const alive = (): void => {
    if (state.failure !== undefined) throw state.failure
    if (state.stopped) throw stoppedError(config)
  }
  const busy = () => pollers.some((poller) => poller.busy)
  const isIdle = async (): Promise<boolean> => {
    if (busy()) return false
    try {
      return (await groupLag(admin, config, state.starts)) === 0 && !busy()
    } catch (error) {
      // The mapping itself goes on when its broker comes back; so does who waits for it.
      log(`the group's lag is not known: ${asError(error).message}`)
      return false
    }
  }

  try {
    await start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    config,
    history,
    get assignment() {
      return Object.fromEntries(pollers.map(({ id, partitions }) => [id, partitions]))
    },
    idle: async () => {
      while (config.enabled) {
        alive()
        if (await isIdle()) return
        await delay(lagEveryMs)
      }
    },
    redeliver: async (event) => {
      alive()
      const keys = Object.keys(event.records)
      const poller = pollers.find(({ owns }) => keys.some(owns)) ?? pollers[0]
      if (!poller) throw stoppedError(config)
      return poller.redeliver(event)
    },
    rebalance: async () => {
      alive()
      await forceRebalance(kafka, config, pollers)
    },
    delay: (ms) => {
      state.heldUntil = Math.max(state.heldUntil, Date.now() + ms)
    },
    watchErrors: errors.add,
    stop,
  }
}

/** The options' log, each line with a name before it. */
const logOf =
  ({ log }: MappingOptions, name: string): Log =>
  (line) =>
    log?.(`${name}: ${line}`)

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
  const attempts = observers<Attempt>(log, options.onBatch)
  const discards = observers<Discard>(log, options.onDiscard)
  let batches = 0
  if (config.partialResponses && !config.provisioned) {
    log('ReportBatchItemFailures needs a ProvisionedPollerConfig; without it every answer is a success')
  }
  return {
    config,
    envelope: envelopeOf(config, options.brokers),
    redelivery,
    invoke: options.invoke,
    beforeInvoke: options.beforeInvoke ?? (() => undefined),
    backoffMs: retryBackoffMs,
    now: Date.now,
    nextBatch: () => ++batches,
    onAttempt: (attempt: Attempt) => {
      remember(history, attempt)
      attempts.tell(attempt)
    },
    onDiscard: (discard: Discard) => {
      const ids = discard.records.map(({ topic, partition, offset }) => `${topic}:${partition}:${offset}`)
      log(`${discard.condition}: DISCARDED ${ids.length} records: ${ids.slice(0, 20).join(' ')}`)
      discards.tell(discard)
    },
  }
}

const defaultBackoffMs = (retry: number): number => Math.min(5000, 100 * 2 ** Math.min(retry - 1, 10))
