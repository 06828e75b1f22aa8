import type { Failed } from '../engine/index.js'
import { asError, MillraceError } from '../errors.js'
import type { RawRecord } from '../event/index.js'
import type { Field, Settings } from './options.js'
import { DecodedRecord } from './record.js'

/** A record as its codecs read it; at once, unless one of them is asynchronous. What cannot be read is poison. */
export type Decoded<V, K> = DecodedRecord<V, K> | Failed

/** Reads key and value by the function's codecs. Never throws. */
export function decode<V, K>(raw: RawRecord, { key, value }: Settings<V, K>): Decoded<V, K> | Promise<Decoded<V, K>> {
  let what: 'key' | 'value' = 'key'
  try {
    const decodedKey = decodeField(raw, 'key', key)
    what = 'value'
    const decodedValue = decodeField(raw, 'value', value)
    if (decodedKey instanceof Promise || decodedValue instanceof Promise)
      return decodeLate(raw, decodedKey, decodedValue)
    return new DecodedRecord(raw, decodedKey, decodedValue)
  } catch (thrown) {
    return undecodable(thrown, what)
  }
}

function decodeField<T>(raw: RawRecord, what: 'key' | 'value', { codec, readText }: Field<T>): T | Promise<T> {
  const text = readText && raw.asciiText(what)
  return text === undefined || readText === undefined ? codec.decode(raw[what]) : readText(text)
}

async function decodeLate<V, K>(raw: RawRecord, key: K | Promise<K>, value: V | Promise<V>): Promise<Decoded<V, K>> {
  const [decodedKey, decodedValue] = await Promise.allSettled([key, value])
  if (decodedKey.status === 'rejected') return undecodable(decodedKey.reason, 'key')
  if (decodedValue.status === 'rejected') return undecodable(decodedValue.reason, 'value')
  return new DecodedRecord(raw, decodedKey.value as K, decodedValue.value as V)
}

function undecodable(thrown: unknown, what: 'key' | 'value'): Failed {
  const error = decodeError(thrown, what)
  return { status: 'failed', stage: error.code === 'ML_RECORD_INVALID' ? 'validate' : 'decode', error }
}

function decodeError(thrown: unknown, what: 'key' | 'value'): MillraceError {
  if (thrown instanceof MillraceError) return thrown
  const cause = asError(thrown)
  return new MillraceError('ML_DECODE_FAILED', `the codec could not read the ${what}: ${cause.message}`, {
    cause,
    discreet: `the codec could not read the ${what} (${cause.name}); its envelope says why`,
  })
}
