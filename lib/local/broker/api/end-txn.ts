import { type Code, code } from '../wire/codes.js'
import { defineApi } from './api.js'
import { fencedSince } from './fenced.js'
import { readSpeaker } from './speaker.js'
import { coordinated } from './stored.js'

const fencedFrom = 2

/** EndTxn: commits or aborts; the markers are in the log when it is answered. */
export const endTxn = defineApi({
  key: 26,
  name: 'EndTxn',
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 3,
  decode(reader, version) {
    const speaker = readSpeaker(reader)
    const commit = reader.boolean()
    reader.tags()
    return { speaker, commit, version }
  },
  handle({ speaker, commit, version }, context): Code {
    const { transactions } = context
    if (speaker.transactionalId === '') return code.invalidRequest
    return fencedSince(
      fencedFrom,
      version,
      coordinated(() => transactions.end(speaker, commit), context),
    )
  },
  encode(writer, error) {
    writer.int32(0) // throttle time
    writer.int16(error).tags()
  },
})
