import { code } from '../wire/codes.js'
import type { Writer } from '../wire/writer.js'
import { type Context, defineApi } from './api.js'

const group = 0
const transaction = 1
/** From here on a request asks for several coordinators. */
const batchedFrom = 4

/** FindCoordinator: this broker, for every group and every transactional id. */
export const findCoordinator = defineApi({
  key: 10,
  name: 'FindCoordinator',
  minVersion: 0,
  maxVersion: 5,
  flexibleFrom: 3,
  decode(reader, version) {
    const single = version < batchedFrom ? [reader.string()] : []
    const type = version >= 1 ? reader.int8() : group
    const keys = version >= batchedFrom ? reader.array((item) => item.string()) : single
    reader.tags()
    return { keys, known: type === group || type === transaction }
  },
  handle: ({ keys, known }, { node }) => ({ keys, node: known ? node : undefined }),
  encode(writer, { keys, node }, version) {
    if (version >= 1) writer.int32(0) // throttle time
    if (version < batchedFrom) {
      writer.int16(node === undefined ? code.invalidRequest : code.none)
      if (version >= 1) writer.string(node === undefined ? refusal : 'NONE') // so Kafka spells it here, and only here
      writeNode(writer, node)
    } else {
      writer.array(keys, (key) => {
        writer.string(key)
        writeNode(writer, node)
        writer
          .int16(node === undefined ? code.invalidRequest : code.none)
          .string(node === undefined ? refusal : '')
          .tags()
      })
    }
    writer.tags()
  },
})

const refusal = 'this broker coordinates groups and transactions only'

function writeNode(writer: Writer, node: Context['node'] | undefined): void {
  writer
    .int32(node?.id ?? -1)
    .string(node?.host ?? '')
    .int32(node?.port ?? -1)
}
