import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { corrupt, onDisk } from './failures.js'
import type { OpenFiles } from './files.js'
import { type SegmentFile, type StoredBatch, walk } from './scan.js'
import { lastAtOrBefore } from './search.js'
import type { Facts, Shelf } from './storage.js'

/** What the shelves of one directory share. */
export interface Surroundings {
  readonly files: OpenFiles
  readonly facts: Facts
  /** bytes after which a partition goes on in another file */
  readonly segmentBytes: number
  readonly log: (line: string) => void
}

interface Segment extends SegmentFile {
  length: number
  /** bytes in the files before it */
  readonly position: number
}

/**
 * The batches of one partition in files, each named by the offset of its first batch and filled to `segmentBytes`.
 * Only the last one grows; the first ones go when nobody reads them any more.
 */
export class FileShelf implements Shelf {
  readonly startOffset: number
  readonly baseOffset: number
  readonly #folder: string
  readonly #key: string
  readonly #with: Surroundings
  #segments: Segment[] = []

  /** `key` names the partition among the facts. */
  constructor(folder: string, key: string, surroundings: Surroundings, startOffset: number) {
    this.#folder = folder
    this.#key = key
    this.#with = surroundings
    this.startOffset = startOffset
    for (const { path, length, baseOffset } of segmentFiles(folder)) this.#add(path, baseOffset, length)
    this.baseOffset = this.#segments[0]?.baseOffset ?? 0
    if (this.baseOffset > startOffset) throw corrupt(folder, `the records from offset ${startOffset} on are missing`)
  }

  *stored(): Generator<StoredBatch> {
    let nextOffset = this.baseOffset
    for (const [index, segment] of this.#segments.entries()) {
      const last = index === this.#segments.length - 1
      if (segment.baseOffset !== nextOffset)
        throw corrupt(segment.path, `the records from offset ${nextOffset} on are missing`)
      const walked = yield* walk(this.#with.files, segment, last)
      nextOffset = walked.nextOffset
      if (walked.end === segment.length) continue
      if (!last) throw corrupt(segment.path, `its last batch ends too early, at byte ${segment.length}`)
      this.#cut(segment, walked.end)
    }
    if (nextOffset < this.startOffset) {
      throw corrupt(this.#folder, `it ends at offset ${nextOffset}, before its start at ${this.startOffset}`)
    }
  }

  append(bytes: Buffer, baseOffset: number): void {
    const last = this.#segments.at(-1)
    const full = last === undefined || (last.length > 0 && last.length + bytes.length > this.#with.segmentBytes)
    const segment = full ? this.#roll(baseOffset) : last
    this.#with.files.write(segment.path, bytes, segment.length)
    segment.length += bytes.length
  }

  read(position: number, length: number): Buffer[] {
    const found: Buffer[] = []
    const end = position + length
    const starts = this.#segments.map((segment) => segment.position)
    for (let index = lastAtOrBefore(starts, position); index < this.#segments.length; index++) {
      const segment = this.#segments[index]
      if (segment === undefined || segment.position >= end) break
      const from = Math.max(position - segment.position, 0)
      const bytes = Math.min(segment.length, end - segment.position) - from
      const read = this.#with.files.read(segment.path, from, bytes)
      if (read.length < bytes) throw corrupt(segment.path, `it ends at byte ${from + read.length}`)
      found.push(read)
    }
    return found
  }

  trim(startOffset: number, position: number): void {
    this.#with.facts.set('start', this.#key, startOffset || undefined)
    const last = this.#segments.at(-1)
    // All of it goes: an empty file keeps the offset to go on from.
    if (last !== undefined && last.length > 0 && position >= last.position + last.length) this.#roll(startOffset)
    while (this.#segments.length > 1) {
      const first = this.#segments[0]
      if (first === undefined || first.position + first.length > position) break
      this.#with.files.close(first.path)
      onDisk(first.path, () => rmSync(first.path))
      this.#segments.shift()
    }
  }

  #roll(baseOffset: number): Segment {
    const path = join(this.#folder, `${String(baseOffset).padStart(20, '0')}.log`)
    onDisk(path, () => mkdirSync(this.#folder, { recursive: true }))
    this.#with.files.write(path, Buffer.alloc(0), 0)
    return this.#add(path, baseOffset, 0)
  }

  #add(path: string, baseOffset: number, length: number): Segment {
    const before = this.#segments.at(-1)
    const segment = { path, baseOffset, length, position: before === undefined ? 0 : before.position + before.length }
    this.#segments.push(segment)
    return segment
  }

  /** Takes off a batch that was never finished, of which nobody was told that it is kept. */
  #cut(segment: Segment, length: number): void {
    this.#with.files.cut(segment.path, length)
    this.#with.log(`broker: cut ${segment.length - length} bytes off ${segment.path}: a batch that was never finished`)
    segment.length = length
  }
}

const segmentName = /^(\d{20})\.log$/

function segmentFiles(folder: string): SegmentFile[] {
  return onDisk(folder, () => {
    const names = existsSync(folder) ? readdirSync(folder).sort() : []
    return names.flatMap((name) => {
      const offset = segmentName.exec(name)?.[1]
      const path = join(folder, name)
      return offset === undefined ? [] : [{ path, length: statSync(path).size, baseOffset: Number(offset) }]
    })
  })
}
