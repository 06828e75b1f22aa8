import type { Topic } from '../log/topics.js'
import { code } from '../wire/codes.js'
import { defineApi } from './api.js'

interface Wanted {
  readonly name: string
  /** `undefined`: all */
  readonly partitions: readonly number[] | undefined
}

/** What the one place of this broker is called, whether it is memory or a directory. */
const place = 'log'
const unknownBytes = -1

/** DescribeLogDirs: how many bytes the partitions keep. */
export const describeLogDirs = defineApi({
  key: 35,
  name: 'DescribeLogDirs',
  minVersion: 1,
  maxVersion: 4,
  flexibleFrom: 2,
  decode(reader) {
    const wanted = reader.nullableArray((item): Wanted => {
      const one = { name: item.string(), partitions: item.array((partition) => partition.int32()) }
      item.tags()
      return one
    })
    reader.tags()
    return wanted
  },
  handle(wanted, { topics }) {
    const all = (wanted ?? topics.all().map(({ name }): Wanted => ({ name, partitions: undefined }))).map((one) => ({
      name: one.name,
      partitions: sizes(topics.get(one.name), one.partitions),
    }))
    return all.filter(({ partitions }) => partitions.length > 0)
  },
  encode(writer, topics, version) {
    writer.int32(0) // throttle time
    if (version >= 3) writer.int16(code.none)
    writer.array([place], () => {
      writer.int16(code.none).string(place)
      writer.array(topics, ({ name, partitions }) => {
        writer.string(name).array(partitions, ({ partition, bytes }) => {
          writer.int32(partition).int64(bytes).int64(0).boolean(false).tags() // no lag, and nothing is being moved
        })
        writer.tags()
      })
      if (version >= 4) writer.int64(unknownBytes).int64(unknownBytes)
      writer.tags()
    })
    writer.tags()
  },
})

function sizes(topic: Topic | undefined, wanted: readonly number[] | undefined) {
  return (topic?.partitions ?? [])
    .map((log, partition) => ({ partition, bytes: log.bytesFrom(log.startOffset) }))
    .filter(({ partition }) => wanted === undefined || wanted.includes(partition))
}
