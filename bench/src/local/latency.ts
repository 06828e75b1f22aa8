import { type Servant, startServant } from '../measure/servant.js'
import { type Result, result, type SuiteOptions } from '../result.js'
import { fill } from './records.js'
import type { Latencies, System } from './types.js'

/** The topics of {@link latency}; the first is the mapping's. */
export const latencyTopics = ['latency', 'latency-bare']

const perSecond = 100

/** From producing a record until it is settled, with no batching window, beside a consumer that handles it. Not judged. */
export async function latency(system: Servant, { brokers }: System, { smoke }: SuiteOptions): Promise<Result[]> {
  const [topic = '', bare = ''] = latencyTopics
  const records = smoke ? 50 : 3_000
  // What comes first finds code that nobody has compiled yet.
  const first = smoke ? 0 : 300
  for (const name of latencyTopics) await fill(brokers, name, 4, 0)
  const [producing, consuming] = [startServant('local/client-process.js'), startServant('local/client-process.js')]
  try {
    const [ours, theirs] = await Promise.all([
      system.ask<Latencies>('settle', { topic, records, batchSize: 1_000, batchingWindowMs: 0 }),
      consuming.ask<Latencies>('follow', { brokers, topic: bare, group: bare, records, by: 'one', handles: true }),
      producing.ask('trickle', { brokers, topics: latencyTopics, records, perSecond }),
    ])
    return [50, 99].map((percent) =>
      result({
        name: `local: produced to settled, p${percent} at ${perSecond} records/s and window 0, kafkajs eachMessage`,
        unit: 'ms',
        ours: percentile(ours.slice(first), percent),
        peer: percentile(theirs.slice(first), percent),
        goal: null,
        bound: 'at most',
      }),
    )
  } finally {
    await Promise.all([producing.end(), consuming.end()])
  }
}

function percentile(values: Latencies, percent: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN
}
