import { crc32c } from '../../../crc32c.js'

/** What a batch says of itself; every field has a default. */
export interface BatchFields {
  readonly count?: number
  readonly attributes?: number
  readonly maxTimestamp?: bigint
  readonly producerId?: bigint
  readonly epoch?: number
  readonly sequence?: number
  readonly payload?: Buffer
}

/** The bytes of a record batch with a right checksum; its records are what is passed, read by nobody. */
export function batchBytes(fields: BatchFields = {}): Buffer {
  const { count = 1, attributes = 0, maxTimestamp = 0n, producerId = -1n, epoch = -1, sequence = -1 } = fields
  const { payload = Buffer.from('opaque') } = fields
  const header = Buffer.alloc(61)
  header.writeInt32BE(49 + payload.length, 8)
  header.writeInt8(2, 16)
  header.writeInt16BE(attributes, 21)
  header.writeInt32BE(count - 1, 23)
  header.writeBigInt64BE(maxTimestamp, 27)
  header.writeBigInt64BE(maxTimestamp, 35)
  header.writeBigInt64BE(producerId, 43)
  header.writeInt16BE(epoch, 51)
  header.writeInt32BE(sequence, 53)
  header.writeInt32BE(count, 57)
  const bytes = Buffer.concat([header, payload])
  bytes.writeUInt32BE(crc32c(bytes, 21), 17)
  return bytes
}
