import { setTimeout as delay } from 'node:timers/promises'
import type { RunningMapping } from '../../local/esm/index.js'
import { type OutgoingRecord, seededRandom } from '../load/index.js'
import type { Account, Accountant } from './account.js'
import type { FaultyStack } from './stack.js'
import { type Load, startLoad } from './steady-load.js'
import { storeFaultKinds } from './store-faults.js'

/** All kinds of faults. */
export const faultKinds = ['kill', 'delay', 'redeliver', 'rebalance', 'recreate', ...storeFaultKinds] as const
export type FaultKind = (typeof faultKinds)[number]

/** How long a topic may take to be settled before it is recreated, in milliseconds. */
const recreateLimitMs = 30_000

/** One fault that was made. */
export interface FaultMade {
  readonly kind: FaultKind
  readonly mapping: string
  /** What exactly, in one line. */
  readonly what: string
}

/** How to make trouble. */
export interface ChaosOptions {
  readonly stack: FaultyStack
  /** It was told of every batch of the stack from the start. */
  readonly accountant: Accountant
  /** Chooses the faults, their order and the pauses between them. */
  readonly seed: number
  /** Kinds of faults to choose from. Default: all. */
  readonly only?: readonly FaultKind[]
  /** Ends after so many faults. */
  readonly faults: number
  /** Ends after so many milliseconds, however many faults were made. Default: no such end. */
  readonly limitMs?: number
  /** The records to produce all the while, to every topic, without end; the seed is a topic's own. */
  readonly records: (seed: number) => Iterable<OutgoingRecord> | AsyncIterable<OutgoingRecord>
  /** Per topic. */
  readonly ratePerSecond: number
  /** How long the service may take to settle all, once the last fault is over, in milliseconds. Default 120,000. */
  readonly drainMs?: number
  /** Ends it early; all is settled and reported all the same. */
  readonly signal?: AbortSignal
  readonly onFault?: (fault: FaultMade) => void
}

/** What it came to. */
export interface ChaosReport extends Account {
  /** Everything that was produced is settled, and every answer was one that Lambda takes. */
  readonly ok: boolean
  readonly seed: number
  readonly faults: Readonly<Record<FaultKind, number>>
  /** Records that the broker has acknowledged, counted once for each mapping that reads them. */
  readonly produced: number
  /** Of these, how many never came to a function; 0 where a mapping has filters. */
  readonly undelivered: number
  /** The groups have nothing left to read. */
  readonly drained: boolean
}

/**
 * Makes faults, one after the other, while records come in; then lets the service settle what is left, and says what became of
 * all of it. The same seed chooses the same faults; what they hit hangs on the machine as well.
 *
 * @throws MillraceError where the broker takes no records
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { stack, accountant, seed, limitMs, signal, drainMs = 120_000 } = options
  const over = AbortSignal.any([
    ...(signal ? [signal] : []),
    ...(limitMs === undefined ? [] : [AbortSignal.timeout(limitMs)]),
  ])
  const mappings = stack.running.filter(({ config }) => config.enabled).map(({ config }) => config)
  const topics = [...new Set(mappings.map(({ topic }) => topic))]
  const loads = new Map(
    topics.map((topic, index) => [
      topic,
      startLoad(options.records(seed + index), { brokers: stack.brokers, topic, ratePerSecond: options.ratePerSecond }),
    ]),
  )
  const faults = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>
  const random = seededRandom(seed)
  const choose = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T // never empty

  try {
    for (let made = 0; made < options.faults && mappings.length > 0; made++) {
      // Drawn before anything can end it: the next choice is the same, whatever the time.
      const [pauseMs, kind, mapping, size] = [
        200 + 1300 * random(),
        choose(options.only ?? faultKinds),
        choose(mappings),
        random(),
      ]
      if (!(await pause(pauseMs, over))) break
      const what = await makeFault(options, loads.get(mapping.topic) as Load, kind, mapping.id, size)
      faults[kind]++
      options.onFault?.({ kind, mapping: mapping.id, what })
    }
  } finally {
    // Also where a fault could not be made: nothing goes on behind the caller's back.
    stack.faults.mendStore()
    await Promise.all([...loads.values()].map((load) => load.hold()))
  }
  const drained = await settledWithin(stack.running, drainMs)
  const produced = mappings.reduce((sum, { topic }) => sum + (loads.get(topic)?.produced ?? 0), 0)
  const { account } = accountant
  // What a filter holds back is settled without a delivery.
  const isFiltered = mappings.some(({ filterCriteria }) => filterCriteria !== undefined)
  const undelivered = isFiltered ? 0 : Math.max(0, produced - account.delivered)
  const ok = drained && undelivered === 0 && account.unsettled.length === 0 && account.violations.length === 0
  return { ok, seed, faults, produced, undelivered, drained, ...account }
}

async function makeFault(
  { stack: { faults, running }, accountant, signal }: ChaosOptions,
  load: Load,
  kind: FaultKind,
  mapping: string,
  size: number,
): Promise<string> {
  const ms = Math.round(300 + 2_700 * size)
  const topic = running.find(({ config }) => config.id === mapping)?.config.topic ?? ''
  const readers = running.filter(({ config }) => config.topic === topic)
  switch (kind) {
    case 'kill': {
      const afterMs = Math.round(60 * size)
      const pid = await faults.kill(mapping, afterMs)
      return pid === undefined ? 'no process lived' : `the process ${pid}, ${afterMs} ms into an invocation`
    }
    case 'delay':
      faults.delay(mapping, ms)
      return `no delivery for ${ms} ms`
    case 'redeliver': {
      const attempt = await faults.redeliver(mapping)
      return attempt ? `batch delivered again: ${attempt.decision.kind}` : 'nothing was settled yet'
    }
    case 'rebalance':
      await faults.rebalance(mapping)
      return 'the partitions were given out anew, twice'
    case 'recreate': {
      await load.hold()
      try {
        if (!(await settledWithin(readers, recreateLimitMs, signal)))
          return 'not done: what the topic holds is not settled'
        await faults.recreateTopic(mapping)
        accountant.recreated(topic)
        return `the topic ${topic} was deleted and created anew`
      } finally {
        load.go()
      }
    }
    default: {
      const share = Number((0.2 + 0.7 * size).toFixed(2))
      faults.store({ kind, ms, share })
      return `${share} of the store's requests for ${ms} ms`
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false
  await delay(ms, undefined, { signal }).catch(() => undefined)
  return !signal.aborted
}

/** Whether the mappings have nothing left to deliver, within so many milliseconds and before the signal. */
async function settledWithin(mappings: readonly RunningMapping[], ms: number, signal?: AbortSignal): Promise<boolean> {
  const limit = new AbortController()
  const either = AbortSignal.any([limit.signal, ...(signal ? [signal] : [])])
  const late = delay(ms, false, { signal: either }).catch(() => false)
  const idle = Promise.all(mappings.map((one) => one.idle()))
  const settled = idle.then(
    () => true,
    // A mapping that ended by a failure has not settled what it had.
    () => false,
  )
  const result = await Promise.race([settled, late])
  limit.abort()
  return result
}
