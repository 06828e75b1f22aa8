import { measuredInRounds, median } from '../measure/rounds.js'
import { type Servant, startServant } from '../measure/servant.js'
import { type Result, result, type SuiteOptions } from '../result.js'
import { type ApacheKafka, startApacheKafka } from './kafka.js'
import { fill } from './records.js'

const bytes = 200
const partitions = 4

interface Broker {
  readonly name: string
  readonly brokers: string[]
}

/** The broker against Apache Kafka on the same machine, for kafkajs, each in a process of its own. */
export async function brokers({ rounds, smoke }: SuiteOptions): Promise<Result[]> {
  const records = smoke ? 2_000 : 100_000
  const ours = startServant('local/broker-process.js')
  const client = startServant('local/client-process.js')
  let peer: ApacheKafka | string = 'small sizes compare it with nobody'
  try {
    if (!smoke) peer = await startApacheKafka()
    const all = [
      { name: 'millrace', brokers: await ours.ask<string[]>('start') },
      ...(typeof peer === 'string' ? [] : [{ name: 'kafka', brokers: peer.brokers }]),
    ]
    const perSecond = await measure(all, client, { rounds, records })
    const against = typeof peer === 'string' ? 'Apache Kafka' : peer.version
    return (['produce', 'consume'] as const).map((what) => {
      const [us = Number.NaN, them = Number.NaN] = all.map(({ name }) => perSecond(what, name))
      return result({
        name: `local: kafkajs ${what}s ${bytes} bytes on ${partitions} partitions, ${against}`,
        unit: 'records/s',
        ours: us,
        peer: them,
        goal: typeof peer === 'string' ? null : 0.5,
        bound: 'at least',
        ...(typeof peer === 'string' && { note: `no Apache Kafka beside it: ${peer}` }),
      })
    })
  } finally {
    await Promise.all([client.end(), ours.end(), typeof peer === 'string' ? undefined : peer.stop()])
  }
}

/** What is consumed in a round is what was produced in it. */
async function measure(
  all: readonly Broker[],
  client: Servant,
  { rounds, records }: { readonly rounds: number; readonly records: number },
) {
  const topic = (round: number) => `brokers-${round + 1}`
  for (let round = -1; round < rounds; round++) {
    for (const { brokers } of all) await fill(brokers, topic(round), partitions, 0)
  }
  const times = {
    produce: await measuredInRounds(
      all.map(({ name, brokers }) => ({
        name,
        measure: (round: number) => client.ask<number>('produce', { brokers, topic: topic(round), records, bytes }),
      })),
      rounds,
    ),
    consume: await measuredInRounds(
      all.map(({ name, brokers }) => ({
        name,
        measure: (round: number) => {
          const asked = { brokers, topic: topic(round), group: topic(round), records, by: 'block', handles: false }
          return client.ask<number>('consume', asked)
        },
      })),
      rounds,
    ),
  }
  return (what: 'produce' | 'consume', name: string): number => (records * 1_000) / median(times[what][name] ?? [])
}
