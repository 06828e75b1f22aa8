import { setTimeout as delay } from 'node:timers/promises'
import { MillraceError } from '../../errors.js'
import type { KafkaEvent } from '../../event/index.js'
import type { Attempt, RunningMapping } from '../../local/esm/index.js'
import { type Stack, type StackOptions, startStack } from '../../local/stack/index.js'
import { storeEnvironment } from '../../local/store/index.js'
import { type StoreFault, storeFaults } from './store-faults.js'
import { type StoreProxy, startStoreProxy } from './store-proxy.js'
import { recreateTopic } from './topics.js'

/** Faults on purpose, of a service that runs. `mapping` is the logical id of one of its mappings. */
export interface Faults {
  /**
   * Kills the process of a mapping's function, `afterMs` milliseconds into its next invocation; at once where none begins within
   * two seconds. Resolves to the process, undefined where none lived.
   */
  kill(mapping: string, afterMs?: number): Promise<number | undefined>
  /** No invocation of the mapping starts within the next `ms` milliseconds. */
  delay(mapping: string, ms: number): void
  /** Delivers a settled batch once more: the event given, or the last one. Undefined where none was settled yet. */
  redeliver(mapping: string, event?: KafkaEvent): Promise<Attempt | undefined>
  /** Gives out the partitions of the mapping's group anew, twice, also under an invocation in flight. */
  rebalance(mapping: string): Promise<void>
  /**
   * Deletes the mapping's topic and creates it anew, empty. What it held is gone, so wait for {@link RunningMapping.idle} first where
   * all of it shall be handled. Resolves when the mapping reads the new one from its start.
   */
  recreateTopic(mapping: string): Promise<void>
  /** The store that the functions see has this fault for a while. */
  store(fault: StoreFault): void
  /** The store is as it should be again. */
  mendStore(): void
}

/** A stack, and what can be done to it. */
export interface FaultyStack extends Stack {
  readonly faults: Faults
}

/** How to start it. */
export interface FaultyStackOptions extends StackOptions {
  /** Chooses the requests that a fault of the store hits. Default `Math.random`. */
  readonly random?: () => number
}

/** How long a kill waits for an invocation to come, in milliseconds. */
const patienceMs = 2_000

/**
 * Runs a packaged service as {@link startStack} does, with a proxy before its store and faults at hand.
 *
 * @throws MillraceError of the stack
 * @example
 * ```ts
 * import { startFaultyStack } from 'millrace/testing'
 *
 * // In a test, where the service is packaged.
 * export async function comesThrough(): Promise<void> {
 *   const { faults, running, stop } = await startFaultyStack({ serviceDir: '.' })
 *   const mapping = running[0]?.config.id ?? ''
 *   faults.store({ kind: 'throttle', ms: 2_000, share: 0.5 })
 *   await faults.kill(mapping, 20)
 *   await faults.rebalance(mapping)
 *   await running[0]?.idle()
 *   await stop()
 * }
 * ```
 */
export async function startFaultyStack({ random = Math.random, ...options }: FaultyStackOptions): Promise<FaultyStack> {
  const store = storeFaults(random)
  const settled = new Map<string, KafkaEvent>()
  const begun = new Set<(mapping: string) => void>()
  const { mapping: hooks = {} } = options
  let proxy: StoreProxy | undefined
  let stack: Stack
  try {
    stack = await startStack({
      ...options,
      functionEnvironment: async (ground) => {
        proxy = await startStoreProxy({ target: ground.dynamodbUrl, rule: store.rule })
        return { ...(await options.functionEnvironment?.(ground)), ...storeEnvironment(proxy.url) }
      },
      mapping: {
        ...hooks,
        beforeInvoke: async (event, position) => {
          await hooks.beforeInvoke?.(event, position)
          const [id = ''] = position.poller.split('/')
          for (const tell of begun) tell(id)
        },
        onBatch: (attempt) => {
          if (attempt.decision.kind === 'settled') settled.set(attempt.mapping, attempt.event)
          hooks.onBatch?.(attempt)
        },
      },
    })
  } catch (error) {
    await proxy?.stop()
    throw error
  }

  const find = (id: string): RunningMapping => {
    const found = stack.running.find(({ config }) => config.id === id)
    if (found) return found
    const ids = stack.running.map(({ config }) => config.id).join(', ')
    throw new MillraceError('ML_OPTION_INVALID', `there is no mapping ${id}; take one of ${ids}`)
  }

  /** Resolves when an invocation of the mapping begins, or the patience ends. */
  const nextInvocation = (mapping: string): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        begun.delete(tell)
        clearTimeout(timer)
        resolve()
      }
      const tell = (id: string): void => void (id === mapping && done())
      const timer = setTimeout(done, patienceMs)
      begun.add(tell)
    })

  const faults: Faults = {
    async kill(mapping, afterMs = 0) {
      const worker = stack.workers.get(find(mapping).config.functionName)
      await nextInvocation(mapping)
      await delay(afterMs)
      const pid = worker?.pid
      if (pid !== undefined) worker?.kill('SIGKILL', pid)
      return pid
    },
    delay: (mapping, ms) => find(mapping).delay(ms),
    async redeliver(mapping, event = settled.get(mapping)) {
      return event && find(mapping).redeliver(event)
    },
    rebalance: async (mapping) => find(mapping).rebalance(),
    async recreateTopic(mapping) {
      const { config } = find(mapping)
      const readers = stack.running.filter((one) => one.config.topic === config.topic && one.config.enabled)
      await recreateTopic(stack.brokers, config.topic)
      // What was settled of the old one shall not come among the new one's.
      for (const reader of readers) settled.delete(reader.config.id)
      // A consumer goes on at the offset that it had; a new assignment makes it ask where to begin.
      for (const reader of readers) await reader.rebalance()
    },
    store: store.begin,
    mendStore: store.end,
  }
  return {
    ...stack,
    faults,
    stop: async () => {
      await stack.stop()
      await proxy?.stop()
    },
  }
}
