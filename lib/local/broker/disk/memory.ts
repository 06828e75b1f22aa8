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

const smallestChunk = 4 * 1024
const largestChunk = 1024 * 1024

/**
 * Batches in memory, one behind the other in few large chunks: a record costs little more than its bytes, neighbours are
 * read in one piece, and nothing keeps the request alive that brought them. Chunks grow with what the shelf holds, so
 * that one with few records stays small.
 */
export function memoryShelf(): Shelf {
  let chunks: Buffer[] = []
  /** where each chunk begins */
  let positions: number[] = []
  let end = 0
  const room = () => (positions.at(-1) ?? end) + (chunks.at(-1)?.length ?? 0) - end
  const grow = () => {
    const held = end - (positions[0] ?? end)
    positions.push(end)
    // Not from Node's pool, which buffers of other uses would keep alive.
    chunks.push(Buffer.allocUnsafeSlow(Math.min(largestChunk, Math.max(smallestChunk, held))))
  }
  return {
    startOffset: 0,
    baseOffset: 0,
    stored: () => [],
    append(bytes) {
      for (let at = 0; at < bytes.length; ) {
        if (room() === 0) grow()
        const copied = bytes.copy(chunks.at(-1) ?? bytes, end - (positions.at(-1) ?? end), at)
        at += copied
        end += copied
      }
    },
    read(position, length) {
      const pieces: Buffer[] = []
      let at = position
      for (let index = lastAtOrBefore(positions, position); at < position + length; index++) {
        const from = at - (positions[index] ?? at)
        const piece = chunks[index]?.subarray(from, from + position + length - at)
        if (piece === undefined || piece.length === 0) break
        pieces.push(piece)
        at += piece.length
      }
      return pieces
    },
    trim(_, position) {
      const gone = position >= end ? chunks.length : lastAtOrBefore(positions, position)
      if (gone <= 0) return
      chunks = chunks.slice(gone)
      positions = positions.slice(gone)
    },
  }
}
