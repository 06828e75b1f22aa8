import { defineApi } from './api.js'

/** JoinGroup: answers once every member has joined. Versions from 5 on bring static membership, which is not served. */
export const joinGroup = defineApi({
  key: 11,
  name: 'JoinGroup',
  minVersion: 0,
  maxVersion: 4,
  decode(reader, version) {
    const groupId = reader.string()
    const sessionTimeoutMs = reader.int32()
    const rebalanceTimeoutMs = version >= 1 ? reader.int32() : sessionTimeoutMs
    const memberId = reader.string()
    const protocolType = reader.string()
    const protocols = reader.array((item) => ({ name: item.string(), metadata: Buffer.from(item.bytes()) }))
    return { groupId, sessionTimeoutMs, rebalanceTimeoutMs, memberId, protocolType, protocols, idFirst: version >= 4 }
  },
  handle({ groupId, ...request }, { coordinator, client }) {
    return coordinator.join(groupId, { ...request, clientId: client.id, clientHost: client.host })
  },
  encode(writer, answer, version) {
    if (version >= 2) writer.int32(0) // throttle time
    writer.int16(answer.error).int32(answer.generation).string(answer.protocol)
    writer.string(answer.leader).string(answer.memberId)
    writer.array(answer.members, ({ id, metadata }) => writer.string(id).bytes(metadata))
  },
})
