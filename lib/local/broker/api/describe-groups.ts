import { code } from '../wire/codes.js'
import { defineApi } from './api.js'

/** "Not asked for": this broker knows no authorization. */
const noOperations = -(2 ** 31)
const unknown = { state: 'Dead', protocolType: '', protocol: '', members: [] } as const

/** DescribeGroups: state and members; a group that does not exist is reported as dead, not as an error. */
export const describeGroups = defineApi({
  key: 15,
  name: 'DescribeGroups',
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 5,
  decode(reader, version) {
    const ids = reader.array((item) => item.string())
    if (version >= 3) reader.boolean() // the groups' authorized operations
    reader.tags()
    return ids
  },
  handle: (ids, { coordinator }) => ids.map((id) => ({ id, ...(coordinator.find(id)?.describe() ?? unknown) })),
  encode(writer, groups, version) {
    if (version >= 1) writer.int32(0) // throttle time
    writer.array(groups, (group) => {
      writer.int16(code.none).string(group.id).string(group.state)
      writer.string(group.protocolType).string(group.protocol)
      writer.array(group.members, (member) => {
        writer.string(member.id)
        if (version >= 4) writer.string(null) // static membership, which is not served
        writer.string(member.clientId).string(member.clientHost)
        writer.bytes(member.metadata).bytes(member.assignment).tags()
      })
      if (version >= 3) writer.int32(noOperations)
      writer.tags()
    })
    writer.tags()
  },
})
