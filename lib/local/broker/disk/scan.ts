import { crc32c } from '../../../crc32c.js'
import { corrupt } from './failures.js'
import type { OpenFiles } from './files.js'

/** Where things are in a record batch of format 2. */
const at = { length: 8, magic: 16, crc: 17, attributes: 21, lastOffsetDelta: 23, count: 57, records: 61 } as const
const lengthEnd = at.length + 4
/** Bytes of a batch that are told to whoever asks what is stored. */
const headBytes = 128
/** Read at once, so that small batches are not read one by one. */
const windowBytes = 256 * 1024

/** A file of batches, one behind the other. */
export interface SegmentFile {
  readonly path: string
  readonly length: number
  /** offset of its first batch */
  readonly baseOffset: number
}

export interface StoredBatch {
  readonly head: Buffer
  readonly length: number
}

/** What a walk over a file has found: the offset behind its last batch, and where that ends. */
export interface Walked {
  readonly nextOffset: number
  readonly end: number
}

/**
 * Walks over the batches of a file; only their heads are read, unless `check` asks for their checksums too. Ends before a batch
 * of which the last bytes are missing, as the death of a process leaves it.
 *
 * @throws MillraceError `ML_LOCAL_DATA_CORRUPT` for anything else that is no batch, or not the one that is due
 */
export function* walk(files: OpenFiles, file: SegmentFile, check: boolean): Generator<StoredBatch, Walked> {
  const bytesAt = windowOn(files, file)
  let nextOffset = file.baseOffset
  let end = 0
  while (end < file.length) {
    const left = file.length - end
    const head = bytesAt(end, Math.min(left, headBytes))
    const length = left < lengthEnd ? left + 1 : head.readInt32BE(at.length) + lengthEnd
    if (length > left) {
      if (left >= lengthEnd && isHidden(bytesAt(end, left), nextOffset)) {
        throw corrupt(file.path, `the length of the batch at byte ${end} is wrong`)
      }
      break
    }
    const wrong = fault(check ? bytesAt(end, length) : head, length, nextOffset, check)
    if (wrong !== undefined) throw corrupt(file.path, `${wrong}, at byte ${end}`)
    yield { head, length }
    nextOffset += head.readInt32BE(at.count)
    end += length
  }
  return { nextOffset, end }
}

function fault(bytes: Buffer, length: number, offset: number, check: boolean): string | undefined {
  if (length < at.records) return `a batch claims ${length} bytes`
  if (bytes.readBigInt64BE(0) !== BigInt(offset)) return `not the batch of offset ${offset}`
  if (bytes.readInt8(at.magic) !== 2) return 'not a batch of format 2'
  const count = bytes.readInt32BE(at.count)
  if (count < 1 || bytes.readInt32BE(at.lastOffsetDelta) !== count - 1) return `a batch claims ${count} records`
  if (check && !isWhole(bytes)) return 'the checksum of the batch is wrong'
  return undefined
}

/**
 * Whether what looks like a batch without its end holds more than that: itself whole, or a whole batch behind it. Then its length
 * was changed, and to cut it would lose what had been acknowledged.
 */
function isHidden(bytes: Buffer, offset: number): boolean {
  if (bytes.length > at.records && isWhole(bytes)) return true
  for (let magic = bytes.indexOf(2, at.magic + 1); magic !== -1; magic = bytes.indexOf(2, magic + 1)) {
    const from = magic - at.magic
    if (bytes.length - from < at.records) return false
    const length = bytes.readInt32BE(from + at.length) + lengthEnd
    if (length < at.records || from + length > bytes.length) continue
    const base = bytes.readBigInt64BE(from)
    if (base > BigInt(offset) && isWhole(bytes.subarray(from, from + length))) return true
  }
  return false
}

const isWhole = (batch: Buffer): boolean => batch.readUInt32BE(at.crc) === crc32c(batch, at.attributes)

/** Reads a file forwards, a window at a time. */
function windowOn(files: OpenFiles, { path, length }: SegmentFile): (position: number, bytes: number) => Buffer {
  let window: Buffer = Buffer.alloc(0)
  let start = 0
  return (position, bytes) => {
    if (position < start || position + bytes > start + window.length) {
      start = position
      window = files.read(path, position, Math.min(length - position, Math.max(bytes, windowBytes)))
    }
    return window.subarray(position - start, position - start + bytes)
  }
}
