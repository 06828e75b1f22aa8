import type { Speaker } from '../txn/index.js'
import type { Reader } from '../wire/reader.js'

/** The three fields by which a producer speaks for a transactional id. */
export function readSpeaker(reader: Reader): Speaker {
  return { transactionalId: reader.string(), producerId: reader.int64(), epoch: reader.int16() }
}
