import Encoder from 'kafkajs/src/protocol/encoder.js'
import type { Case } from '../case.js'
import { framed, key, told } from './frames.js'
import type { KafkaSide } from './side.js'

/** Deleting what a group has committed, which kafkajs cannot. */
export const offsetDeleteCases: readonly Case<KafkaSide>[] = [
  {
    id: 'raw: offsets of a group are deleted',
    async run(side) {
      const topic = await side.topic(2)
      const { admin, name: groupId } = side
      const client = await side.wire()
      await admin.setOffsets({
        groupId,
        topic,
        partitions: [
          { partition: 0, offset: '4' },
          { partition: 1, offset: '5' },
        ],
      })
      const remove = (group: string, partition: number, of = topic) => {
        const topics = [new Encoder().writeString(of).writeArray([new Encoder().writeInt32(partition)])]
        return told(client, framed(key.offsetDelete, 0, new Encoder().writeString(group).writeArray(topics)))
      }
      return {
        one: await remove(groupId, 0),
        left: await admin.fetchOffsets({ groupId, topics: [topic] }),
        absentPartition: await remove(groupId, 9),
        absentTopic: await remove(groupId, 0, `${topic}-absent`),
        absentGroup: await remove(`${groupId}-absent`, 0),
      }
    },
  },
  {
    id: 'raw: offsets of a group that reads the topic are not deleted',
    async run(side) {
      const topic = await side.topic()
      const consumer = side.closing(side.kafka.consumer({ groupId: side.name }), (one) => one.disconnect())
      await consumer.connect()
      await consumer.subscribe({ topic })
      const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve))
      await consumer.run({ eachMessage: async () => undefined })
      await joined
      const topics = [new Encoder().writeString(topic).writeArray([new Encoder().writeInt32(0)])]
      return told(
        await side.wire(),
        framed(key.offsetDelete, 0, new Encoder().writeString(side.name).writeArray(topics)),
      )
    },
  },
]
