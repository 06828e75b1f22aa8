import { ttlAttribute } from '../../deployment/index.js'
import { MillraceError } from '../../errors.js'
import { ByteReader, ByteWriter } from '../../ledger/format/varint.js'
import type { Item, ItemKey, Write } from '../../table/index.js'

/** A key of a source partition: its hash, and the record that took it. */
export interface KeptKey {
  /** Sixteen characters of base64url, twelve bytes. */
  readonly id: string
  readonly offset: number
  /** The record's timestamp as the ledger keeps it. */
  readonly timestamp: number
}

/** Keys that were taken by one write. */
export interface KeyGroup {
  /** Epoch ms of the write. */
  readonly since: number
  readonly keys: readonly KeptKey[]
}

/**
 * One item of keys, beside the ledger item. Only the last of a source partition is ever written; the one after it is begun when
 * it is full, which it says itself: so whoever knows the last one knows them all, and a swap on it finds any other writer.
 */
export interface Segment {
  readonly number: number
  /** Rises by one with every write. */
  readonly version: number
  readonly full: boolean
  /** The groups, one after another. */
  readonly bytes: Uint8Array
  /** Epoch ms from which DynamoDB may delete it. */
  readonly deleted: number
}

/** Large enough for fifty keys, small enough for one write unit. More would be written again with each write to it. */
const fullBytes = 640

/** A segment outlives its keys by so much, in milliseconds: clocks may differ, and what is remembered of it is trusted meanwhile. */
export const graceMs = 3_600_000

const names = { version: 'v', bytes: 'k', full: 'f', expires: ttlAttribute } as const
const format = 1
const idBytes = 12

/** The sort key of a segment; those of all segments, rising, come before {@link afterSegments}. */
export const segmentKey = (number: number): string => `keys#${String(number).padStart(12, '0')}`
export const afterSegments = 'keys#:'

/** The segment that a group goes to: the last one with it, or a new one after it. */
export function append(last: Segment | undefined, group: KeyGroup, deleted: number): Segment {
  const bytes = encodeGroup(group)
  if (last === undefined || last.full) {
    return { number: (last?.number ?? -1) + 1, version: 1, full: bytes.length >= fullBytes, bytes, deleted }
  }
  const all = Buffer.concat([last.bytes, bytes])
  return {
    number: last.number,
    version: last.version + 1,
    full: all.length >= fullBytes,
    bytes: all,
    deleted: Math.max(deleted, last.deleted),
  }
}

/** Compare-and-swap: writes a segment, if the one before it is still the last. */
export const writeSegment = (pk: string, { number, version, full, bytes, deleted }: Segment): Write => ({
  key: { pk, sk: segmentKey(number) } satisfies ItemKey,
  set: {
    [names.version]: { N: String(version) },
    [names.bytes]: { B: bytes },
    [names.full]: { BOOL: full },
    [names.expires]: { N: String(Math.ceil(deleted / 1_000)) },
  },
  when: version === 1 ? 'absent' : { [names.version]: { N: String(version - 1) } },
})

/** @throws MillraceError `ML_LEDGER_FORMAT` */
export function readSegment(item: Item): Segment {
  const [number, version, deleted] = [item.sk?.S?.split('#')[1], item[names.version]?.N, item[names.expires]?.N].map(
    Number,
  )
  const [bytes, full] = [item[names.bytes]?.B, item[names.full]?.BOOL]
  if (
    number === undefined ||
    version === undefined ||
    deleted === undefined ||
    bytes === undefined ||
    full === undefined
  ) {
    throw unreadable(`the item ${item.pk?.S} ${item.sk?.S} is no segment of keys`)
  }
  return { number, version, full, bytes, deleted: deleted * 1_000 }
}

/** Keys by rising offsets, everything rising as the distance from what came before. */
function encodeGroup({ since, keys }: KeyGroup): Uint8Array {
  const rising = [...keys].sort((a, b) => a.offset - b.offset)
  const ids = Buffer.concat(rising.map(({ id }) => Buffer.from(id, 'base64url')))
  const writer = new ByteWriter().unsigned(format).unsigned(since).bytes(ids)
  let last = { offset: 0, timestamp: 0 }
  for (const key of rising) {
    writer.unsigned(key.offset - last.offset).signed(key.timestamp - last.timestamp)
    last = key
  }
  return writer.take()
}

/** @throws MillraceError `ML_LEDGER_FORMAT` */
export function* groupsOf({ bytes }: Segment): Generator<KeyGroup> {
  const reader = new ByteReader(bytes)
  while (!reader.done) {
    const version = reader.unsigned()
    if (version !== format)
      throw unreadable(`the format of a segment of keys is ${version}, this release knows ${format}`)
    const since = reader.unsigned()
    const ids = Buffer.from(reader.bytes())
    let [offset, timestamp] = [0, 0]
    const keys = Array.from({ length: ids.length / idBytes }, (_, i): KeptKey => {
      offset += reader.unsigned()
      timestamp += reader.signed()
      return { id: ids.toString('base64url', i * idBytes, (i + 1) * idBytes), offset, timestamp }
    })
    yield { since, keys }
  }
}

const unreadable = (why: string) =>
  new MillraceError(
    'ML_LEDGER_FORMAT',
    `${why}; was it written by a newer release of millrace? Deploy that one, or delete the item, which forgets its keys`,
  )
