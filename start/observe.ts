import { setTimeout as delay } from 'node:timers/promises'
import { type SeenMetrics, watchMetrics } from '../infra/metrics/index.js'
import type { LogMeta } from '../lib/local/worker/index.js'
import type { Exchange } from '../lib/testing/faults/index.js'
import { appliedTransactions, costMeter } from './faults/index.js'
import { historyReader } from './history/index.js'
import type { Surroundings } from './job.js'
import { killOnce } from './kill.js'
import { mend } from './mend.js'
import { produceOrders } from './orders/index.js'
import { type Prepared, partitions } from './prepare.js'
import { deliverAgain } from './redeliver.js'
import { type System, startSystem } from './system.js'
import { type Facts, readBalances, readEffects, readFailures, readLag, readLedger } from './verify/index.js'
import { watchBatches } from './watch.js'

/** How far the job is, for the progress line. */
export interface Progress {
  readonly produced: number
  readonly runs: number
  readonly invocations: number
  readonly killedPid: number | undefined
}

/** What was seen of a run. */
export interface Observed {
  readonly facts: Facts
  /** Processes that were started, the function's included. */
  readonly pids: readonly number[]
  /** What it ran on, for people. */
  readonly ground: string
  /** What the function has published. */
  readonly metrics: SeenMetrics
}

/** Runs the job as it is prepared: produce, kill, deliver one batch again, and look at all that it left. */
export async function observe(
  prepared: Prepared,
  { options, stages, logs, stopLater }: Surroundings,
  onProgress: (ask: () => Progress) => void,
): Promise<Observed> {
  const { target, planned } = prepared
  const { topic } = target.mapping
  const source = { ...target.mapping, partitions }
  const reader = historyReader(topic)
  const { history } = reader
  const metrics = watchMetrics()
  const workerPids = new Set<number>()
  const applied: (readonly string[])[] = []
  const meter = costMeter(target.tables)
  const readTransaction = appliedTransactions(target.tables)
  const killer = killOnce({ orders: options.orders, kill: (pid) => process.kill(pid, 'SIGKILL') })
  const ledger = target.tables.ledger
  const watch = watchBatches({
    killer,
    broken: prepared.broken,
    readLedger: (store) => readLedger(store, ledger, source),
  })
  const onLine = (line: string, meta: LogMeta) => {
    workerPids.add(meta.pid)
    killer.onPid(meta.pid)
    logs.function(line)
    reader.read(line, meta)
    metrics.read(line)
  }
  const onExchange = (exchange: Exchange) => {
    meter.count(exchange)
    const transaction = readTransaction(exchange)
    if (transaction === undefined) return
    applied.push(transaction.orderIds)
    killer.onTransaction(transaction)
  }
  let count = 0
  onProgress(() => {
    return { produced: count, runs: history.runs.length, invocations: watch.invocations, killedPid: killer.victim }
  })

  const environment = { LEASE_MS: String(options.leaseMs) }
  const hooks = { onLine, onBatch: watch.onBatch, onExchange, environment, log: logs.local }
  const system = await stages.run('starting the stack', () => startSystem(prepared, hooks, stopLater))
  const { kafka, mapping, store } = system
  // So that what is to be held comes before its grace is over.
  await stages.run('waiting for the group', () => assigned(mapping))
  const started = performance.now()
  const produced = await stages.run('producing', () =>
    produceOrders({ kafka, topic, planned, onProgress: (done) => (count = done) }),
  )
  await stages.run('waiting until the group has settled everything', () => mapping.idle())
  const elapsedMs = performance.now() - started
  const again = await stages.run('delivering a settled batch again', () =>
    deliverAgain(mapping, watch, () => readEffects(store, target.tables.orders)),
  )
  const left = await stages.run('reading what the run has left', () => readLeft(prepared, system))
  const kill = await watch.kill
  const seen = structuredClone({ applied, costs: meter.costs, history })
  const mending = await stages.run('mending, redriving and discarding', () => mend(prepared, system))
  const facts = { ...again, ...left, ...seen, topic, produced, elapsedMs, kill, mending }
  return { facts, pids: [...system.pids, ...workerPids], ground: system.description, metrics: metrics.seen }
}

/** Waits until the mapping has all partitions. */
async function assigned(mapping: System['mapping']): Promise<void> {
  while (Object.values(mapping.assignment).flat().length < partitions) await delay(20)
}

/** What stands in the store and at the broker when all is done, by clients of the verifier's own. */
async function readLeft({ target: { mapping, tables } }: Prepared, { store, kafka }: System) {
  return {
    ledgerTable: tables.ledger,
    ledger: await readLedger(store, tables.ledger, { ...mapping, partitions }),
    balances: await readBalances(store, tables.balances),
    failures: await readFailures(store, tables.failures),
    lag: await readLag(kafka, mapping.group, mapping.topic),
  }
}
