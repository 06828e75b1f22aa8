import { lastAtOrBefore } from './search.js'
import type { Shelf, Storage } from './storage.js'

/** Keeps everything in memory, and nothing beyond the process. */
export function memoryStorage(): Storage {
  return {
    // Who needs a fact again in this process has it in a better shape.
    facts: { set: () => undefined, all: () => [] },
    shelf: memoryShelf,
    remove: () => undefined,
    close: () => undefined,
  }
}

/** Batches in memory, each in the buffer that it came in. */
export function memoryShelf(): Shelf {
  let batches: Buffer[] = []
  let positions: number[] = []
  let end = 0
  return {
    startOffset: 0,
    baseOffset: 0,
    stored: () => [],
    append(bytes) {
      batches.push(bytes)
      positions.push(end)
      end += bytes.length
    },
    read(position, length) {
      const first = lastAtOrBefore(positions, position)
      let next = first
      for (let left = length; left > 0; next++) left -= batches[next]?.length ?? left
      return batches.slice(first, next)
    },
    trim(_, position) {
      const gone = position >= end ? batches.length : lastAtOrBefore(positions, position)
      batches = batches.slice(gone)
      positions = positions.slice(gone)
    },
  }
}
