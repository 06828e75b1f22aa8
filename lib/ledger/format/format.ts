import { MillraceError } from '../../errors.js'
import { emptyState, type LedgerState } from '../state.js'
import { sections } from './sections.js'
import { ByteReader, ByteWriter } from './varint.js'

/**
 * The state of a ledger item as bytes: a version, then sections of (tag, length, content).
 *
 * A release reads what an older one wrote. Of a newer one it ignores, and writes back, the sections with an odd tag; a section
 * with an even tag that it does not know, or another version, is refused, so that it never overwrites what it does not
 * understand. Sections still to come (ends, watermarks, parked records) take the next free tags.
 */
const formatVersion = 1

/** The bytes of a state. Well under 1 KB in the normal case. */
export function encodeState(state: LedgerState): Uint8Array {
  const writer = new ByteWriter().unsigned(formatVersion)
  for (const section of sections) {
    const content = new ByteWriter()
    if (section.write(state, content)) writer.unsigned(section.tag).bytes(content.take())
  }
  for (const [tag, bytes] of state.foreign) writer.unsigned(tag).bytes(bytes)
  return writer.take()
}

/** @throws MillraceError `ML_LEDGER_FORMAT` */
export function decodeState(bytes: Uint8Array): LedgerState {
  const reader = new ByteReader(bytes)
  const version = reader.unsigned()
  if (version !== formatVersion) throw newer(`its format is ${version}, this release knows ${formatVersion}`)
  let state = emptyState
  while (!reader.done) {
    const tag = reader.unsigned()
    const content = reader.bytes()
    const section = sections.find((known) => known.tag === tag)
    if (section !== undefined) state = { ...state, ...section.read(new ByteReader(content), state) }
    else if (tag % 2 === 1) state = { ...state, foreign: [...state.foreign, [tag, content]] }
    else throw newer(`it has a section ${tag} that this release does not know`)
  }
  return state
}

const newer = (why: string) =>
  new MillraceError(
    'ML_LEDGER_FORMAT',
    `a ledger item was written by a newer release of millrace (${why}); nothing is changed. Deploy that release, or a newer one`,
  )
