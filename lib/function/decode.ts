import { discreetMessage } from '../discreet.js'
import type { Failed } from '../engine/index.js'
import { asError, MillraceError } from '../errors.js'
import type { RawRecord } from '../event/index.js'
import type { Field, Settings } from './options.js'
import { DecodedRecord } from './record.js'

/** A record as its codecs read it; at once, unless one of them is asynchronous. What cannot be read is poison. */
export type Decoded<V, K> = DecodedRecord<V, K> | Failed

/** What a codec could not read. */
class Unreadable {
  readonly error: MillraceError

  constructor(thrown: unknown, what: 'key' | 'value') {
    this.error = decodeError(thrown, what)
  }
}

/** Reads key and value by the function's codecs, both even where one is bad: the envelope says all there is. Never throws. */
export function decode<V, K>(raw: RawRecord, settings: Settings<V, K>): Decoded<V, K> | Promise<Decoded<V, K>> {
  const key = read(raw, 'key', settings.key)
  const value = read(raw, 'value', settings.value)
  if (!(key instanceof Promise || value instanceof Promise)) return decoded(raw, key, value)
  return Promise.all([late(key, 'key'), late(value, 'value')]).then((both) => decoded(raw, ...both))
}

function read<T>(raw: RawRecord, what: 'key' | 'value', { codec, readText }: Field<T>): T | Promise<T> | Unreadable {
  try {
    const text = readText && raw.asciiText(what)
    return text === undefined || readText === undefined ? codec.decode(raw[what]) : readText(text)
  } catch (thrown) {
    return new Unreadable(thrown, what)
  }
}

async function late<T>(value: T | Promise<T>, what: 'key' | 'value'): Promise<T | Unreadable> {
  try {
    return await value
  } catch (thrown) {
    return new Unreadable(thrown, what)
  }
}

function decoded<V, K>(raw: RawRecord, key: K | Unreadable, value: V | Unreadable): Decoded<V, K> {
  if (key instanceof Unreadable)
    return unreadable(value instanceof Unreadable ? bothBad(key.error, value.error) : key.error)
  return value instanceof Unreadable ? unreadable(value.error) : new DecodedRecord(raw, key, value)
}

const unreadable = (error: MillraceError): Failed => ({ status: 'failed', stage: stageOf(error), error })

const stageOf = ({ code }: MillraceError): 'decode' | 'validate' =>
  code === 'ML_RECORD_INVALID' ? 'validate' : 'decode'

function bothBad(key: MillraceError, value: MillraceError): MillraceError {
  const { code } = stageOf(key) === 'decode' ? key : value
  const both = (message: (error: MillraceError) => string) =>
    `both the key and the value are bad: ${message(key)}; ${message(value)}`
  return new MillraceError(
    code,
    both(({ message }) => message),
    {
      cause: new AggregateError([key, value], 'a bad key and a bad value'),
      discreet: both(discreetMessage),
    },
  )
}

function decodeError(thrown: unknown, what: 'key' | 'value'): MillraceError {
  if (thrown instanceof MillraceError) return thrown
  const cause = asError(thrown)
  return new MillraceError('ML_DECODE_FAILED', `the codec could not read the ${what}: ${cause.message}`, {
    cause,
    discreet: `the codec could not read the ${what} (${cause.name}); its envelope says why`,
  })
}
