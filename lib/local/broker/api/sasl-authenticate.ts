import { type Code, code } from '../wire/codes.js'
import { defineApi } from './api.js'

interface Answer {
  readonly error: Code
  readonly message: string | null
  readonly bytes: Buffer
}

const none = Buffer.alloc(0)

/** SaslAuthenticate: the messages of the mechanism that the handshake has named. */
export const saslAuthenticate = defineApi({
  key: 36,
  name: 'SaslAuthenticate',
  minVersion: 0,
  maxVersion: 2,
  flexibleFrom: 2,
  decode(reader) {
    const bytes = reader.nullableBytes() ?? none
    reader.tags()
    return bytes
  },
  handle(message, { session }): Answer {
    if (session.mechanisms.length === 0) {
      return { error: code.illegalSaslState, message: 'this broker lets everybody in', bytes: none }
    }
    const bytes = session.next(message)
    if (bytes !== undefined) return { error: code.none, message: null, bytes }
    return { error: code.saslAuthenticationFailed, message: 'Authentication failed: invalid credentials', bytes: none }
  },
  encode(writer, { error, message, bytes }, version) {
    writer.int16(error).string(message).bytes(bytes)
    if (version >= 1) writer.int64(0) // for good
    writer.tags()
  },
})
