import type { Topic } from '../log/topics.js'
import { type Code, code } from '../wire/codes.js'
import type { Reader } from '../wire/reader.js'
import { type Context, defineApi } from './api.js'

const noId = '0'.repeat(32)
/** From here on a topic may be named by its id. */
const byIdFrom = 6

interface Wanted {
  readonly name: string | null
  readonly id: string
}

interface Result extends Wanted {
  readonly error: Code
}

/** DeleteTopics: the records go, and with them what groups have committed there. */
export const deleteTopics = defineApi({
  key: 20,
  name: 'DeleteTopics',
  minVersion: 0,
  maxVersion: 6,
  flexibleFrom: 4,
  decode(reader, version) {
    const wanted = reader.array((item) => readWanted(item, version))
    reader.int32() // time limit: deletion is immediate
    reader.tags()
    return wanted
  },
  handle: (wanted, context) => wanted.map((one) => remove(one, context)),
  encode(writer, results, version) {
    if (version >= 1) writer.int32(0) // throttle time
    writer.array(results, ({ name, id, error }) => {
      writer.string(name)
      if (version >= byIdFrom) writer.uuid(id)
      writer.int16(error)
      if (version >= 5) writer.string(null) // message
      writer.tags()
    })
    writer.tags()
  },
})

function readWanted(reader: Reader, version: number): Wanted {
  if (version < byIdFrom) return { name: reader.string(), id: noId }
  const one = { name: reader.nullableString(), id: reader.uuid() }
  reader.tags()
  return one
}

function remove(wanted: Wanted, { topics, coordinator, transactions }: Context): Result {
  const topic: Topic | undefined = wanted.name === null ? topics.byId(wanted.id) : topics.get(wanted.name)
  if (topic === undefined) {
    return { ...wanted, error: wanted.name === null ? code.unknownTopicId : code.unknownTopicOrPartition }
  }
  const { name, id } = topic
  const error = topics.delete(name)
  if (error === code.none) {
    const isGone = (one: string) => one === name
    coordinator.forgetTopics(isGone)
    transactions.forgetTopics(isGone)
  }
  return { name, id, error }
}
