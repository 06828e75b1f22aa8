/** Where a batch lies: in a piece of memory that it shares with its neighbours. */
export interface Place {
  readonly chunk: Buffer
  readonly at: number
}

const smallestChunk = 4 * 1024
const largestChunk = 1024 * 1024

/**
 * The memory of one partition: batches lie one behind the other in few large chunks, so that a record costs little more
 * than its bytes, neighbours are sent in one piece, and no stored batch keeps the request alive that brought it.
 * Chunks grow with the partition, so that one with few records stays small.
 */
export class Memory {
  #chunk: Buffer = Buffer.alloc(0)
  #used = 0
  #total = 0

  /** Copies a batch to its place. */
  put(bytes: Buffer): Place {
    const { length } = bytes
    if (this.#used + length > this.#chunk.length) {
      const size = Math.min(largestChunk, Math.max(smallestChunk, this.#total))
      this.#total += length
      if (length * 4 > size) return { chunk: copied(bytes, length), at: 0 } // the room behind would be wasted
      this.#chunk = copied(bytes, size)
      this.#used = length
      return { chunk: this.#chunk, at: 0 }
    }
    const place = { chunk: this.#chunk, at: this.#used }
    bytes.copy(this.#chunk, this.#used)
    this.#used += length
    this.#total += length
    return place
  }
}

/** Memory of its own, outside Node's pool, which small buffers of other uses would keep alive. */
function copied(bytes: Buffer, size: number): Buffer {
  const chunk = Buffer.allocUnsafeSlow(size)
  bytes.copy(chunk)
  return chunk
}
