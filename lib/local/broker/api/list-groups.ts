import { code } from '../wire/codes.js'
import { defineApi } from './api.js'

/** The only kind of group that is served: its members share the partitions out themselves. */
const type = 'classic'

/** ListGroups: every group that has a member or a committed offset, or only those in some states. */
export const listGroups = defineApi({
  key: 16,
  name: 'ListGroups',
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 3,
  decode(reader, version) {
    const states = version >= 4 ? reader.array((item) => item.string().toLowerCase()) : []
    const types = version >= 5 ? reader.array((item) => item.string().toLowerCase()) : []
    reader.tags()
    return { states, types }
  },
  handle: ({ states, types }, { coordinator }) =>
    coordinator.all().filter(({ state }) => {
      const wanted = states.length === 0 || states.includes(state.toLowerCase())
      return wanted && (types.length === 0 || types.includes(type))
    }),
  encode(writer, groups, version) {
    if (version >= 1) writer.int32(0) // throttle time
    writer.int16(code.none)
    writer.array(groups, ({ id, protocolType, state }) => {
      writer.string(id).string(protocolType)
      if (version >= 4) writer.string(state)
      if (version >= 5) writer.string(type)
      writer.tags()
    })
    writer.tags()
  },
})
