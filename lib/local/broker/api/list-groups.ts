import { code } from '../wire/codes.js'
import { defineApi } from './api.js'

/** ListGroups: every group that has a member or a committed offset. */
export const listGroups = defineApi({
  key: 16,
  name: 'ListGroups',
  minVersion: 0,
  maxVersion: 2,
  decode: () => undefined,
  handle: (_, { coordinator }) => coordinator.all(),
  encode(writer, groups, version) {
    if (version >= 1) writer.int32(0) // throttle time
    writer.int16(code.none)
    writer.array(groups, ({ id, protocolType }) => writer.string(id).string(protocolType))
  },
})
