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
import type { Pair } from './case.js'
import { type Differential, judge } from './judge.js'
import { kafkaCases, onKafka } from './kafka/index.js'
import { platformaticPairs } from './platformatic.js'
import { runCases } from './run-cases.js'
import { onStore, openStore, storeCases } from './store/index.js'

export type { Differential } from './judge.js'

export interface DifferentialContext {
  readonly signal: AbortSignal
  /** Takes a line about how far the run is. */
  readonly tell: (line: string) => void
}

/** Asks both sides, and compares. */
export async function runDifferential(real: Systems, { signal, tell }: DifferentialContext): Promise<Differential> {
  const broker = await startBroker()
  const store = await startStore()
  try {
    tell(`differential: ${kafkaCases.length} cases by kafkajs`)
    const kafka = await kafkaPairs(broker.address, real.brokers, signal)
    tell('differential: cases by @platformatic/kafka')
    const platformatic = await platformaticPairs(broker.address, real.brokers, signal)
    tell(`differential: ${storeCases.length} cases by the AWS SDK`)
    const items = await storePairs(store.url, real.dynamodbUrl, signal)
    return judge([...kafka, ...platformatic, ...items], allowances)
  } finally {
    await Promise.all([broker.stop(), store.stop()])
  }
}

const kafkaPairs = (embedded: string, real: string, signal: AbortSignal): Promise<Pair[]> =>
  runCases(kafkaCases, {
    embedded: (id, work) => onKafka(embedded, id, work),
    real: (id, work) => onKafka(real, id, work),
    signal,
  })

async function storePairs(embedded: string, real: string, signal: AbortSignal): Promise<Pair[]> {
  const [ours, theirs] = [openStore(embedded), openStore(real)]
  try {
    return await runCases(storeCases, {
      embedded: (id, work) => onStore(ours, id, work),
      real: (id, work) => onStore(theirs, id, work),
      signal,
    })
  } finally {
    for (const { client } of [ours, theirs]) client.destroy()
  }
}
