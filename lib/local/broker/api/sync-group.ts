import { refusedSync } from '../group/member.js'
import { defineApi } from './api.js'
import { noGroup } from './no-group.js'

/** SyncGroup: the leader brings the assignments, every member is given its own. */
export const syncGroup = defineApi({
  key: 14,
  name: 'SyncGroup',
  minVersion: 0,
  maxVersion: 2,
  decode: (reader) => ({
    groupId: reader.string(),
    generation: reader.int32(),
    memberId: reader.string(),
    assignments: new Map(reader.array((item) => [item.string(), Buffer.from(item.bytes())] as const)),
  }),
  handle({ groupId, generation, memberId, assignments }, { coordinator }) {
    const group = coordinator.find(groupId)
    return group?.sync(memberId, generation, assignments) ?? refusedSync(noGroup(groupId))
  },
  encode(writer, { error, assignment }, version) {
    if (version >= 1) writer.int32(0) // throttle time
    writer.int16(error).bytes(assignment)
  },
})
