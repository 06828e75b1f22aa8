import type { Failed } from '../engine/index.js'
import { asError, MillraceError } from '../errors.js'
import type { RawRecord } from '../event/index.js'
import type { Settings } from './options.js'
import { DecodedRecord } from './record.js'

/** Reads key and value by the function's codecs. What cannot be read is poison. */
export async function decode<V, K>(
  raw: RawRecord,
  { key, value }: Settings<V, K>,
): Promise<DecodedRecord<V, K> | Failed> {
  let what: 'key' | 'value' = 'key'
  try {
    const decodedKey = key.decode(raw.key)
    what = 'value'
    const decodedValue = value.decode(raw.value)
    return new DecodedRecord(
      raw,
      // Not awaiting what is there already saves two turns of the event loop's queue per record.
      decodedKey instanceof Promise ? await decodedKey : decodedKey,
      decodedValue instanceof Promise ? await decodedValue : decodedValue,
    )
  } catch (thrown) {
    const error = decodeError(thrown, what)
    return { status: 'failed', stage: error.code === 'ML_RECORD_INVALID' ? 'validate' : 'decode', error }
  }
}

function decodeError(thrown: unknown, what: 'key' | 'value'): MillraceError {
  if (thrown instanceof MillraceError) return thrown
  const cause = asError(thrown)
  return new MillraceError('ML_DECODE_FAILED', `the codec could not read the ${what}: ${cause.message}`, { cause })
}
