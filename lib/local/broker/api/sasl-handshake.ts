import { type Code, code } from '../wire/codes.js'
import { defineApi } from './api.js'

/** SaslHandshake: the client names the mechanism by which it will say who it is. */
export const saslHandshake = defineApi({
  key: 17,
  name: 'SaslHandshake',
  minVersion: 0,
  maxVersion: 1,
  decode: (reader) => reader.string(),
  handle(mechanism, { session }) {
    const { mechanisms } = session
    // As in Kafka, of a listener without SASL.
    const otherwise: Code = mechanisms.length === 0 ? code.illegalSaslState : code.unsupportedSaslMechanism
    return { error: session.begin(mechanism) ? code.none : otherwise, mechanisms }
  },
  encode(writer, { error, mechanisms }) {
    writer.int16(error).array(mechanisms, (name) => writer.string(name))
  },
})
