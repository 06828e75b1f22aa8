import type { Code } from '../wire/codes.js'
import { defineApi } from './api.js'
import { noGroup } from './no-group.js'

/** Heartbeat: keeps a member's session, and tells it when to join again. */
export const heartbeat = defineApi({
  key: 12,
  name: 'Heartbeat',
  minVersion: 0,
  maxVersion: 2,
  decode: (reader) => ({ groupId: reader.string(), generation: reader.int32(), memberId: reader.string() }),
  handle: ({ groupId, generation, memberId }, { coordinator }): Code =>
    coordinator.find(groupId)?.heartbeat(memberId, generation) ?? noGroup(groupId),
  encode(writer, error, version) {
    if (version >= 1) writer.int32(0) // throttle time
    writer.int16(error)
  },
})
