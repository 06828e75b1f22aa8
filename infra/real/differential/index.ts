/**
 * The differential suite: the same is asked of the embedded broker and store, and of Apache Kafka and DynamoDB Local, by real
 * clients; the answers have to be the same, field by field, but for what is allowed to differ.
 *
 * @module
 */
import { startBroker } from '../../../lib/local/broker/index.js'
import { startStore } from '../../../lib/local/store/index.js'
import type { Systems } from '../jobs.js'
import { allowances } from './allowed/index.js'
import type { Case, Pair } from './case.js'
import { type Comparison, compare } from './compare.js'
import { kafkaCases, onKafka, openKafka } from './kafka/index.js'
import { type Runner, runCases } from './run-cases.js'
import { onStore, openStore, storeCases } from './store/index.js'

export type { Pair } from './case.js'
export type { Comparison } from './compare.js'

/** What the suite came to: the comparison, counted. */
export interface Differential extends Comparison {
  /** Cases that are equal or differ only as allowed. */
  readonly passed: number
  /** One line per unexplained difference, broken case and stale allowance. */
  readonly failures: readonly string[]
}

export interface DifferentialContext {
  readonly signal: AbortSignal
  /** Takes a line about how far the run is. */
  readonly tell: (line: string) => void
}

export async function runDifferential(real: Systems, { signal, tell }: DifferentialContext): Promise<Differential> {
  tell(`differential: ${kafkaCases.length} cases of Kafka`)
  const kafka = real.brokers ? await kafkaPairs(real.brokers, signal) : []
  tell(`differential: ${storeCases.length} cases of DynamoDB`)
  const store = real.dynamodbUrl ? await storePairs(real.dynamodbUrl, signal) : []
  return judge([...kafka, ...store])
}

async function storePairs(url: string, signal: AbortSignal): Promise<Pair[]> {
  const store = await startStore()
  const [ours, theirs] = [openStore(store.url), openStore(url)]
  try {
    return await runCases(storeCases, {
      embedded: (id, work) => onStore(ours, id, work),
      real: (id, work) => onStore(theirs, id, work),
      signal,
    })
  } finally {
    for (const { client } of [ours, theirs]) client.destroy()
    await store.stop()
  }
}

async function kafkaPairs(brokers: string, signal: AbortSignal, cases = kafkaCases): Promise<Pair[]> {
  const broker = await startBroker()
  const [ours, theirs] = [await openKafka(broker.address), await openKafka(brokers)]
  try {
    return await runCases(cases, {
      embedded: (id, work) => onKafka(ours, id, work),
      real: (id, work) => onKafka(theirs, id, work),
      signal,
    })
  } finally {
    await Promise.all([ours.admin.disconnect(), theirs.admin.disconnect()])
    await broker.stop()
  }
}

/** Compares and counts. */
export function judge(pairs: readonly Pair[], allowed = allowances): Differential {
  const comparison = compare(pairs, allowed)
  const { equal, tolerated, unexplained, broken, stale } = comparison
  const failures = [
    ...unexplained.map((one) => `${one.case} at ${one.path}: embedded ${show(one.embedded)}, real ${show(one.real)}`),
    ...broken.map((one) => `broken on both sides: ${one}`),
    ...stale.map((id) => `allowed and no longer so: ${id}`),
  ]
  return { ...comparison, passed: equal + tolerated, failures }
}

const show = (value: unknown) => String(JSON.stringify(value)).slice(0, 400)
export type { Case, Runner }
