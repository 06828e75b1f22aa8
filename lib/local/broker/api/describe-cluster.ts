import { code } from '../wire/codes.js'
import { defineApi } from './api.js'

/** What may be asked for, by the protocol's numbers; an answer of a broker is always about brokers. */
const brokers = 1
const controllers = 2
/** "Not asked for": this broker knows no authorization. */
const noOperations = -(2 ** 31)

/** DescribeCluster: this broker, alone. */
export const describeCluster = defineApi({
  key: 60,
  name: 'DescribeCluster',
  minVersion: 0,
  maxVersion: 1,
  flexibleFrom: 0,
  decode(reader, version) {
    reader.boolean() // the cluster's authorized operations
    const endpoints = version >= 1 ? reader.int8() : brokers
    reader.tags()
    return endpoints
  },
  handle: (endpoints, context) => ({ endpoints, context }),
  encode(writer, { endpoints, context: { node, clusterId } }, version) {
    const served = endpoints === brokers
    writer.int32(0) // throttle time
    const refused = endpoints === controllers ? code.mismatchedEndpointType : code.unsupportedEndpointType
    writer.int16(served ? code.none : refused)
    writer.string(served ? null : 'this is a broker, not a controller')
    if (version >= 1) writer.int8(brokers)
    writer.string(served ? clusterId : '').int32(served ? node.id : -1)
    writer.array(served ? [node] : [], () => {
      writer.int32(node.id).string(node.host).int32(node.port).string(null).tags() // no rack
    })
    writer.int32(noOperations).tags()
  },
})
