import type { Case } from '../case.js'
import { identity, produce, stamped } from './producers.js'
import { fetchFrom } from './requests.js'
import type { KafkaSide } from './side.js'

/** Producers that are known by an id. */
export const idempotenceCases: readonly Case<KafkaSide>[] = [
  {
    id: 'idempotence: repeats, gaps and old epochs',
    async run(side) {
      const topic = await side.topic()
      const client = await side.wire()
      const me = await identity(client, null)
      const first = await produce(client, topic, me, 0, { count: 2 })
      return {
        me,
        first,
        second: await produce(client, topic, me, 2),
        repeated: await produce(client, topic, me, 2),
        older: await produce(client, topic, me, 0, { count: 2 }),
        gap: await produce(client, topic, me, 9),
        after: await produce(client, topic, me, 3),
        overlapping: await produce(client, topic, me, 3, { count: 2 }),
        newEpoch: await produce(client, topic, { ...me, producerEpoch: 1 }, 0),
        newEpochGap: await produce(client, topic, { ...me, producerEpoch: 2 }, 5),
        oldEpoch: await produce(client, topic, me, 4),
        contents: await client.ask('Fetch', 11, fetchFrom(topic, 0)),
      }
    },
  },
  {
    id: 'idempotence: a stranger that does not begin at zero',
    async run(side) {
      const topic = await side.topic()
      const client = await side.wire()
      const me = await identity(client, null)
      return {
        started: await produce(client, topic, me, 7),
        next: await produce(client, topic, me, 8),
        back: await produce(client, topic, me, 0),
      }
    },
  },
  {
    id: 'idempotence: kafkajs',
    async run(side) {
      const topic = await side.topic()
      const producer = side.closing(side.kafka.producer({ idempotent: true }), (one) => one.disconnect())
      await producer.connect()
      const sends = []
      for (const value of ['a', 'b', 'c']) sends.push(await producer.send({ topic, messages: [stamped(value)] }))
      return { sends, contents: await (await side.wire()).ask('Fetch', 11, fetchFrom(topic, 0)) }
    },
  },
]
