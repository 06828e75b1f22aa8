import { code } from '../wire/codes.js'
import { defineApi } from './api.js'

const unknown = { state: 'Dead', protocolType: '', protocol: '', members: [] } as const

/** DescribeGroups: state and members; a group that does not exist is reported as dead, not as an error. */
export const describeGroups = defineApi({
  key: 15,
  name: 'DescribeGroups',
  minVersion: 0,
  maxVersion: 2,
  decode: (reader) => reader.array((item) => item.string()),
  handle: (ids, { coordinator }) => ids.map((id) => ({ id, ...(coordinator.find(id)?.describe() ?? unknown) })),
  encode(writer, groups, version) {
    if (version >= 1) writer.int32(0) // throttle time
    writer.array(groups, (group) => {
      writer.int16(code.none).string(group.id).string(group.state)
      writer.string(group.protocolType).string(group.protocol)
      writer.array(group.members, (member) => {
        writer.string(member.id).string(member.clientId).string(member.clientHost)
        writer.bytes(member.metadata).bytes(member.assignment)
      })
    })
  },
})
