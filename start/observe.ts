import type { LogMeta } from '../lib/local/worker/index.js'
import { historyReader } from './history/index.js'
import { killOnce } from './kill.js'
import { produceOrders } from './orders/index.js'
import { type Prepared, partitions, type Surroundings } from './prepare.js'
import { deliverAgain } from './redeliver.js'
import { runMapping } from './system.js'
import { type Facts, readEffects, readFailures, readLag, readLedger } from './verify/index.js'
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
  /** Processes that the function ran in. */
  readonly workerPids: ReadonlySet<number>
}

/** Runs the job on what is prepared: produce, kill, deliver one batch again, and look at all that it left. */
export async function observe(
  prepared: Prepared,
  surroundings: Surroundings,
  onProgress: (progress: () => Progress) => void,
): Promise<Observed> {
  const { stages, logs, stopLater, options } = surroundings
  const { target, store, planned, kafka, ground, proxy, broken } = prepared
  const { mapping, tables } = target
  const reader = historyReader(mapping.topic)
  const workerPids = new Set<number>()
  const killer = killOnce({ ...mapping, orders: options.orders, kill: (pid) => process.kill(pid, 'SIGKILL') })
  const ledgerNow = () => readLedger(store, tables.ledger, { ...mapping, partitions })
  const watch = watchBatches({ killer, broken, readLedger: ledgerNow })
  let produced = 0
  onProgress(() => ({
    produced,
    runs: reader.history.runs.length,
    invocations: watch.invocations,
    killedPid: killer.victim?.pid,
  }))

  const onLine = (line: string, { requestId, pid }: LogMeta) => {
    workerPids.add(pid)
    logs.function(line)
    const run = reader.read(line, { requestId, pid })
    if (run !== undefined) killer.onRun(run)
  }
  const running = await stages.run('starting the mapping', () =>
    runMapping(stopLater, {
      target,
      brokers: ground.brokers,
      storeUrl: proxy.url,
      onLine,
      onBatch: watch.onBatch,
      log: logs.local,
    }),
  )
  const started = performance.now()
  const list = await stages.run('producing', () =>
    produceOrders({ kafka, topic: mapping.topic, planned, onProgress: (count) => (produced = count) }),
  )
  await stages.run('waiting until the group has settled everything', () => running.idle())
  const elapsedMs = performance.now() - started
  const again = await stages.run('delivering a settled batch again', () =>
    deliverAgain(running, watch, () => readEffects(store, tables.orders)),
  )
  const facts = await stages.run('reading what the run has left', async () => ({
    ...again,
    topic: mapping.topic,
    produced: list,
    elapsedMs,
    history: reader.history,
    costs: prepared.costs(),
    ledgerTable: tables.ledger,
    kill: await watch.kill,
    ledger: await ledgerNow(),
    failures: await readFailures(store, tables.failures),
    lag: await readLag(kafka, mapping.group, mapping.topic),
  }))
  return { facts, workerPids }
}
