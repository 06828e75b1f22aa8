import { measuredInRounds, median } from '../measure/rounds.js'
import { type Servant, startServant } from '../measure/servant.js'
import { type Result, result, type SuiteOptions } from '../result.js'
import { fill } from './records.js'
import type { System, Wanted } from './types.js'

interface Peer extends Pick<Wanted, 'by' | 'handles'> {
  readonly name: string
  readonly goal: number | null
}

const peers: readonly Peer[] = [
  { name: 'kafkajs eachMessage with the same handler', by: 'one', handles: true, goal: 0.2 },
  { name: 'kafkajs eachBatch with the same handler', by: 'block', handles: true, goal: null },
  { name: 'kafkajs eachBatch that only counts', by: 'block', handles: false, goal: null },
]

/** Topics of one number of partitions, one for each round. */
const topicOf = (partitions: number, round: number): string => `end-to-end-${partitions}-${round + 1}`

const partitionCounts = [4, 1, 16]

/** The topics that {@link endToEnd} reads. */
export const endToEndTopics = ({ rounds }: SuiteOptions): string[] =>
  partitionCounts.flatMap((partitions) => Array.from({ length: rounds + 1 }, (_, i) => topicOf(partitions, i - 1)))

/** Through broker, emulator, worker process and ledger, against consumers on the same broker with nothing around them. */
export async function endToEnd(
  system: Servant,
  { brokers, engine }: System,
  { rounds, smoke }: SuiteOptions,
): Promise<Result[]> {
  const client = startServant('local/client-process.js')
  const results: Result[] = []
  const records = smoke ? 2_000 : 60_000
  try {
    for (const partitions of partitionCounts) {
      for (let round = -1; round < rounds; round++) await fill(brokers, topicOf(partitions, round), partitions, records)
      // How it is read matters once; the number of partitions is what differs between the others.
      const compared = partitions === 4 ? peers : peers.slice(0, 1)
      const ours = (round: number) =>
        system.ask<number>('deliver', {
          topic: topicOf(partitions, round),
          records,
          batchSize: 1_000,
          batchingWindowMs: 500,
        })
      const theirs =
        ({ by, handles }: Peer) =>
        (round: number) => {
          const topic = topicOf(partitions, round)
          return client.ask<number>('consume', {
            brokers,
            topic,
            group: `${topic}-${by}-${handles}`,
            records,
            by,
            handles,
          })
        }
      const times = await measuredInRounds(
        [{ name: 'millrace', measure: ours }, ...compared.map((peer) => ({ name: peer.name, measure: theirs(peer) }))],
        rounds,
      )
      const perSecond = (name: string) => (records * 1_000) / median(times[name] ?? [])
      for (const { name, goal } of compared) {
        results.push(
          result({
            name: `local: end to end at batch 1,000 on ${partitions} ${partitions === 1 ? 'partition' : 'partitions'}, ${name}`,
            unit: 'records/s',
            ours: perSecond('millrace'),
            peer: perSecond(name),
            goal: partitions === 4 ? goal : null,
            bound: 'at least',
            ...(goal !== null && { note: `one mapping with one poller, one worker process, ledger on ${engine}` }),
          }),
        )
      }
    }
  } finally {
    await client.end()
  }
  return results
}
