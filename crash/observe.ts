import type { Ending } from '../lib/local/stack/index.js'
import { storeEnvironment } from '../lib/local/store/index.js'
import { packageService, readService } from '../lib/local/template/index.js'
import type { Exchange } from '../lib/testing/faults/index.js'
import { appliedTransactions } from '../start/faults/index.js'
import type { Logs } from '../start/logs.js'
import { seededRandom } from '../start/orders/index.js'
import { partitions, serviceDir } from '../start/prepare.js'
import type { Stages } from '../start/stages.js'
import { type System, type SystemHooks, startSystem } from '../start/system.js'
import { type Target, targetOf } from '../start/target.js'
import { readBalances, readEffects, readFailures, readLag, readLedger } from '../start/verify/index.js'
import { watchDeaths } from './deaths.js'
import { type Killer, killer } from './killer.js'
import { keepBusy } from './load.js'
import type { CrashOptions } from './options.js'
import type { Facts } from './verify.js'

/** What every part of a run works with. */
export interface Surroundings {
  /** Ends the run; everything that was started is stopped. */
  readonly signal: AbortSignal
  readonly stages: Stages
  readonly stopLater: Ending
  readonly logs: Logs
  /** Takes a line about how far the run is. */
  readonly tell: (line: string) => void
}

/** What was seen of a run. */
export interface Observed {
  readonly facts: Facts
  /** Processes that were started, the function's included. */
  readonly pids: readonly number[]
  readonly moments: Killer['kills']
  readonly invocations: number
}

/** The shortest lease that there is, in milliseconds: nobody waits long for a dead one's claims. */
const leaseMs = 1_000

/** Runs the worker of the orders function under load, kills it again and again, and looks at all that it left. */
export async function observe(options: CrashOptions, around: Surroundings): Promise<Observed> {
  const { signal, stages, stopLater, logs, tell } = around
  await stages.run('packaging with serverless', () => packageService(serviceDir, { signal, log: logs.local }))
  const target = targetOf(readService(serviceDir, storeEnvironment('').AWS_REGION ?? ''))
  let system: System | undefined
  const watch = watchRun(options, target, { logs, pid: () => system?.workerPid() })
  const { death, applied } = watch
  const started = performance.now()
  const running = await stages.run('starting the stack', () =>
    startSystem({ target, rule: death.rule }, watch.hooks, stopLater),
  )
  system = running
  // Numbers of their own, for how the two take turns is up to the machine.
  const random = seededRandom(options.seed + 1)
  const load = { kafka: running.kafka, topic: target.mapping.topic, partitions, random, death, applied, tell }
  const produced = await stages.run('killing', () => keepBusy(load))
  tell(`${death.sent} kills; waiting until the rest is settled`)
  await stages.run('waiting until the group has settled everything', () => running.mapping.idle())
  const elapsedMs = performance.now() - started
  const left = await stages.run('reading what the run has left', () => readLeft(target, running))
  const deaths = await watch.deaths.all()
  const { topic } = target.mapping
  const facts = { topic, wanted: options.kills, kills: death.sent, deaths, produced, applied, elapsedMs, ...left }
  return { facts, pids: [...running.pids, ...watch.pids], moments: death.kills, invocations: watch.invocations }
}

interface Watching {
  readonly logs: Logs
  /** Of the worker, while it lives. */
  readonly pid: () => number | undefined
}

/** What is remembered of a run as it passes, and who kills. */
function watchRun({ kills, seed }: CrashOptions, { mapping, tables }: Target, { logs, pid }: Watching) {
  const deaths = watchDeaths()
  const pids = new Set<number>()
  const applied: (readonly string[])[] = []
  const readTransaction = appliedTransactions(tables)
  let invocations = 0
  const kill = (victim: number) => {
    pids.add(victim)
    process.kill(victim, 'SIGKILL')
  }
  const random = seededRandom(seed)
  const death = killer({ kills, random, pid, kill, after: (ms, callback) => void setTimeout(callback, ms) })
  const hooks: SystemHooks = {
    log: logs.local,
    environment: { LEASE_MS: String(leaseMs) },
    retryBackoffMs: () => 0,
    onLine(line, meta) {
      pids.add(meta.pid)
      logs.function(line)
    },
    onBatch(attempt, store) {
      invocations++
      deaths.onBatch(attempt, () => readLedger(store, tables.ledger, { ...mapping, partitions }))
    },
    onExchange(exchange: Exchange) {
      const transaction = readTransaction(exchange)
      if (transaction !== undefined) applied.push(transaction.orderIds)
      death.onExchange(exchange)
    },
  }
  return {
    hooks,
    death,
    deaths,
    pids,
    applied,
    get invocations() {
      return invocations
    },
  }
}

/** What stands in the store and at the broker when all is done, by clients of the verifier's own. */
async function readLeft({ mapping, tables }: Target, { store, kafka }: System) {
  return {
    effects: await readEffects(store, tables.orders),
    balances: await readBalances(store, tables.balances),
    failures: await readFailures(store, tables.failures),
    ledger: await readLedger(store, tables.ledger, { ...mapping, partitions }),
    lag: await readLag(kafka, mapping.group, mapping.topic),
  }
}
