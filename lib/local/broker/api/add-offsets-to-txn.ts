import { type Code, code } from '../wire/codes.js'
import { defineApi } from './api.js'
import { fencedSince } from './fenced.js'
import { readSpeaker } from './speaker.js'
import { coordinated } from './stored.js'

const fencedFrom = 2

/** AddOffsetsToTxn: the group whose offsets the transaction is about to commit. */
export const addOffsetsToTxn = defineApi({
  key: 25,
  name: 'AddOffsetsToTxn',
  minVersion: 0,
  maxVersion: 4,
  flexibleFrom: 3,
  decode(reader, version) {
    const speaker = readSpeaker(reader)
    const group = reader.string()
    reader.tags()
    return { speaker, group, version }
  },
  handle({ speaker, group, version }, context): Code {
    const { transactions } = context
    if (speaker.transactionalId === '') return code.invalidRequest
    return fencedSince(
      fencedFrom,
      version,
      coordinated(() => transactions.addGroup(speaker, group), context),
    )
  },
  encode(writer, error) {
    writer.int32(0) // throttle time
    writer.int16(error).tags()
  },
})
