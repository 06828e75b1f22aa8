import { code } from '../wire/codes.js'
import { defineApi } from './api.js'

const group = 0

/** FindCoordinator: this broker, for every group; transactions have none here. */
export const findCoordinator = defineApi({
  key: 10,
  name: 'FindCoordinator',
  minVersion: 0,
  maxVersion: 2,
  decode(reader, version) {
    reader.string() // the group: all have the same coordinator
    return version >= 1 ? reader.int8() : group
  },
  handle: (type, { node }) =>
    type === group
      ? { error: code.none, message: null, node }
      : {
          error: code.invalidRequest,
          message: 'this development broker serves no transactions',
          node: { id: -1, host: '', port: -1 },
        },
  encode(writer, { error, message, node }, version) {
    if (version >= 1) writer.int32(0) // throttle time
    writer.int16(error)
    if (version >= 1) writer.string(message)
    writer.int32(node.id).string(node.host).int32(node.port)
  },
})
