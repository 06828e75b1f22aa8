import type { Committed } from '../group/offsets.js'
import { code } from '../wire/codes.js'
import { defineApi } from './api.js'

const nothing: Committed = { offset: -1n, leaderEpoch: -1, metadata: '' }

/** OffsetFetch: what a group has committed; offset -1 where it has not. */
export const offsetFetch = defineApi({
  key: 9,
  name: 'OffsetFetch',
  minVersion: 1,
  maxVersion: 5,
  decode: (reader) => ({
    groupId: reader.string(),
    topics: reader.nullableArray((topic) => ({
      topic: topic.string(),
      partitions: topic.array((item) => item.int32()),
    })),
  }),
  handle({ groupId, topics }, { coordinator }) {
    const offsets = coordinator.offsets(groupId)
    return (topics ?? offsets?.all() ?? []).map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map((partition) => ({ partition, ...(offsets?.get(topic, partition) ?? nothing) })),
    }))
  },
  encode(writer, topics, version) {
    if (version >= 3) writer.int32(0) // throttle time
    writer.array(topics, ({ topic, partitions }) => {
      writer.string(topic).array(partitions, ({ partition, offset, leaderEpoch, metadata }) => {
        writer.int32(partition).int64(offset)
        if (version >= 5) writer.int32(leaderEpoch)
        writer.string(metadata).int16(code.none)
      })
    })
    if (version >= 2) writer.int16(code.none)
  },
})
