import { defineApi } from './api.js'
import { coordinated } from './stored.js'

/** DeleteGroups: forgets groups that have no members, and their offsets. */
export const deleteGroups = defineApi({
  key: 42,
  name: 'DeleteGroups',
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  decode(reader) {
    const ids = reader.array((item) => item.string())
    reader.tags()
    return ids
  },
  handle: (ids, context) =>
    ids.map((id) => ({ id, error: coordinated(() => context.coordinator.delete(id), context) })),
  encode(writer, results) {
    writer.int32(0) // throttle time
    writer.array(results, ({ id, error }) => writer.string(id).int16(error).tags())
    writer.tags()
  },
})
