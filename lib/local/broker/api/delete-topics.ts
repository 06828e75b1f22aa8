import { code } from '../wire/codes.js'
import { defineApi } from './api.js'

/** DeleteTopics: the records go, and with them what groups have committed there. */
export const deleteTopics = defineApi({
  key: 20,
  name: 'DeleteTopics',
  minVersion: 0,
  maxVersion: 3,
  decode(reader) {
    const names = reader.array((item) => item.string())
    reader.int32() // time limit: deletion is immediate
    return names
  },
  handle: (names, { topics, coordinator, transactions }) =>
    names.map((name) => {
      const error = topics.delete(name)
      if (error === code.none) {
        coordinator.forgetTopic(name)
        transactions.forgetTopic(name)
      }
      return { name, error }
    }),
  encode(writer, results, version) {
    if (version >= 1) writer.int32(0) // throttle time
    writer.array(results, ({ name, error }) => writer.string(name).int16(error))
  },
})
