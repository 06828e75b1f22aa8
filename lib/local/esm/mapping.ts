import { setTimeout as delay } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import { asError, MillraceError } from '../../errors.js'
import { checkConfig, effectiveConfig } from './check.js'
import type { MappingConfig } from './config.js'
import { openDestination } from './destination/index.js'
import { forceRebalance } from './faults.js'
import type { HistoryEntry } from './history.js'
import { groupLag, kafkaClient, type Log, type Offsets, startingOffsets } from './kafka.js'
import { lifeOf } from './life.js'
import { observers } from './observers.js'
import type { MappingOptions, RunningMapping } from './options.js'
import { type Poller, startPoller } from './poller.js'
import { deliveryOf } from './rules.js'
import { readSwitches } from './switches.js'

/** How often the broker is asked for the group's lag while somebody waits for it, in milliseconds. */
const lagEveryMs = 50

/**
 * Runs one event source mapping against a real Kafka cluster, as Lambda would (KAFKA-ESM §1 to §5; docs/esm.md). Resolves when
 * its pollers have joined the group.
 *
 * @throws MillraceError `ML_LOCAL_MAPPING_UNSUPPORTED`, `ML_LOCAL_FILTER_INVALID`, `ML_OPTION_INVALID`,
 *   `ML_LOCAL_TOPIC_MISSING`, `ML_LOCAL_KAFKA_UNREACHABLE`
 */
export async function startMapping(given: MappingConfig, options: MappingOptions): Promise<RunningMapping> {
  checkConfig(given)
  const log = logOf(options, `mapping ${given.id}`)
  const switches = readSwitches(options.switches)
  const config = effectiveConfig(given, switches, log)
  const history: HistoryEntry[] = []
  const rules = deliveryOf(config, { ...options, switches }, log, history)
  const kafka = kafkaClient(`millrace-${config.id}`, options.brokers, log, options.security)
  const destination = openDestination({
    ...switches,
    config,
    kafka,
    dir: options.destinationDir ?? '.millrace/destinations',
    url: options.destinationUrl ?? (process.env.MILLRACE_DESTINATION_URL || undefined),
  })
  const admin = await connect(kafka.admin(), options.brokers)
  const pollers: Poller[] = []
  const errors = observers(log, options.onError)
  const state: { starts: Offsets; heldUntil: number; failure?: unknown } = { starts: new Map(), heldUntil: 0 }

  const fail = (error: unknown): void => {
    state.failure ??= error
    life.stop().catch((also: unknown) => log(`it could not be stopped: ${asError(also).message}`))
  }
  const start = async (): Promise<void> => {
    const { starts, partitions } = await startingOffsets(admin, config, options.startOffsets)
    state.starts = starts
    const heldUntil = () => state.heldUntil
    const shared = { ...rules, destination, starts, heldUntil, consumer: options.consumer ?? {}, onFailure: fail }
    const count = config.provisioned ? Math.min(config.minimumPollers ?? 1, partitions) : 1
    while (pollers.length < count && !isEnding()) {
      const poller = `${config.id}/${pollers.length + 1}`
      const own = logOf(options, `mapping ${config.id} poller ${poller}`)
      const onError = (error: MillraceError): void => {
        own(error.message)
        errors.tell(error)
        if (options.errorPolicy === 'fail') fail(error)
      }
      const client = kafkaClient(`millrace-${poller}`, options.brokers, own, options.security)
      const started = await startPoller({ ...shared, poller, kafka: client, log: own, onError })
      pollers.push(started)
    }
  }
  const life = lifeOf({
    start,
    stop: async () => {
      // All of them, also where one fails.
      const ended = await Promise.allSettled(pollers.map((poller) => poller.stop()))
      pollers.length = 0
      for (const one of ended) if (one.status === 'rejected') throw one.reason
    },
    close: async () => {
      await destination?.close()
      await admin.disconnect()
    },
  })
  const isEnding = () => life.state === 'Deleting'
  const alive = (): void => {
    if (state.failure !== undefined) throw state.failure
    if (isEnding()) throw stoppedError(config)
  }
  const busy = () => pollers.some((poller) => poller.busy)
  const isIdle = async (): Promise<boolean> => {
    if (busy()) return false
    try {
      const read: Offsets = new Map(pollers.flatMap(({ withheld }) => [...withheld]))
      return (await groupLag(admin, config, state.starts, read)) === 0 && !busy()
    } catch (error) {
      // The mapping itself goes on when its broker comes back; so does who waits for it.
      log(`the group's lag is not known: ${asError(error).message}`)
      return false
    }
  }

  try {
    if (config.enabled) await life.enable()
  } catch (error) {
    await life.stop()
    throw error
  }
  return {
    life,
    config: given,
    switches,
    history,
    get assignment() {
      return Object.fromEntries(pollers.map(({ id, partitions }) => [id, partitions]))
    },
    idle: async () => {
      while (life.state !== 'Disabled') {
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
    stop: life.stop,
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
