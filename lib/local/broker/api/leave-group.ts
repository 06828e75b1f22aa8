import type { Code } from '../wire/codes.js'
import { defineApi } from './api.js'
import { noGroup } from './no-group.js'

/** LeaveGroup: a member goes of its own accord; the others share its partitions at once. */
export const leaveGroup = defineApi({
  key: 13,
  name: 'LeaveGroup',
  minVersion: 0,
  maxVersion: 2,
  decode: (reader) => ({ groupId: reader.string(), memberId: reader.string() }),
  handle: ({ groupId, memberId }, { coordinator }): Code =>
    coordinator.find(groupId)?.leave(memberId) ?? noGroup(groupId),
  encode(writer, error, version) {
    if (version >= 1) writer.int32(0) // throttle time
    writer.int16(error)
  },
})
