import { code } from '../wire/codes.js'
import { defineApi } from './api.js'
import { stored } from './stored.js'

/** DeleteRecords: moves the start of a partition, as retention would. */
export const deleteRecords = defineApi({
  key: 21,
  name: 'DeleteRecords',
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  decode(reader) {
    const topics = reader.array((topic) => {
      const name = topic.string()
      const partitions = topic.array((item) => {
        const one = { partition: item.int32(), before: Number(item.int64()) }
        item.tags()
        return one
      })
      topic.tags()
      return { name, partitions }
    })
    reader.int32() // time limit: deletion is immediate
    reader.tags()
    return topics
  },
  handle: (requested, context) =>
    requested.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partition, before }) => {
        const log = context.topics.partition(name, partition)
        const error = log === undefined ? code.unknownTopicOrPartition : stored(() => log.deleteBefore(before), context)
        return { partition, error, startOffset: error === code.none ? (log?.startOffset ?? -1) : -1 }
      }),
    })),
  encode(writer, topics) {
    writer.int32(0) // throttle time
    writer.array(topics, ({ name, partitions }) => {
      writer.string(name).array(partitions, ({ partition, error, startOffset }) => {
        writer.int32(partition).int64(startOffset).int16(error).tags()
      })
      writer.tags()
    })
    writer.tags()
  },
})
