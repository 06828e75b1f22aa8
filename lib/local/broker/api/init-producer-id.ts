import { code } from '../wire/codes.js'
import { defineApi } from './api.js'

/** InitProducerId: an id for an idempotent producer; transactional ones are refused. */
export const initProducerId = defineApi({
  key: 22,
  name: 'InitProducerId',
  minVersion: 0,
  maxVersion: 1,
  decode(reader) {
    const transactionalId = reader.nullableString()
    reader.int32() // time limit of transactions
    return transactionalId
  },
  handle: (transactionalId, { nextProducerId }) =>
    transactionalId === null
      ? { error: code.none, producerId: nextProducerId(), epoch: 0 }
      : { error: code.invalidRequest, producerId: -1n, epoch: -1 },
  encode(writer, { error, producerId, epoch }) {
    writer.int32(0) // throttle time
    writer.int16(error).int64(producerId).int16(epoch)
  },
})
