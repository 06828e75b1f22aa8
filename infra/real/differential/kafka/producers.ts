import type { Producer } from 'kafkajs'
import { until } from '../case.js'
import { fetchFrom, record } from './requests.js'
import type { KafkaSide } from './side.js'
import type { Wire } from './wire.js'

/** Who a producer is to the broker. */
export interface Identity {
  readonly errorCode: number
  readonly producerId: string
  readonly producerEpoch: number
}

export const identity = ({ ask }: Wire, transactionalId: string | null, transactionTimeout = 60_000) =>
  ask('InitProducerId', 1, { transactionalId, transactionTimeout }) as Promise<Identity>

/** One record of an idempotent producer, by its sequence number. */
export const produce = (
  { ask }: Wire,
  topic: string,
  { producerId, producerEpoch }: Identity,
  firstSequence: number,
  { transactionalId = null as string | null, count = 1 } = {},
) => {
  const messages = Array.from({ length: count }, (_, i) => record(`sequence ${firstSequence + i}`))
  const topicData = [{ topic, partitions: [{ partition: 0, firstSequence, messages }] }]
  return ask('Produce', 7, { acks: -1, timeout: 5_000, transactionalId, producerId, producerEpoch, topicData })
}

export async function transactional(side: KafkaSide, transactionalId = side.name): Promise<Producer> {
  const producer = side.kafka.producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 })
  await side.closing(producer, (one) => one.disconnect()).connect()
  return producer
}

/** What both kinds of readers see. */
export const bothReadings = async (client: Wire, topic: string) => ({
  uncommitted: await client.ask('Fetch', 11, fetchFrom(topic, 0)),
  committed: await client.ask('Fetch', 11, fetchFrom(topic, 0, { isolationLevel: 1 })),
  latest: await client.ask('ListOffsets', 3, {
    isolationLevel: 1,
    topics: [{ topic, partitions: [{ partition: 0, timestamp: -1 }] }],
  }),
  end: await client.ask('ListOffsets', 3, {
    isolationLevel: 0,
    topics: [{ topic, partitions: [{ partition: 0, timestamp: -1 }] }],
  }),
})

/** Both readings once nothing is open up to an offset: markers are written after the answer to whoever ends a transaction. */
export async function readingsAt(client: Wire, topic: string, end: number): Promise<unknown> {
  await until(
    () => bothReadings(client, topic),
    ({ latest }) => JSON.stringify(latest).includes(`"offset":"${end}"`),
  )
  return bothReadings(client, topic)
}

export const stamped = (value: string) => ({ value, timestamp: '1700000000000' })

/** The offsets of a group, once no transaction on them is being ended. */
export async function settledOffsets({ wire, name }: KafkaSide, topic: string): Promise<unknown> {
  const { ask } = await wire()
  const fetched = () => ask('OffsetFetch', 4, { groupId: name, topics: [{ topic, partitions: [{ partition: 0 }] }] })
  let last = await fetched()
  for (let same = 0; same < 20; ) {
    const next = await fetched()
    same = JSON.stringify(next) === JSON.stringify(last) ? same + 1 : 0
    last = next
  }
  return last
}
