import { MalformedRequest } from './wire/reader.js'

/** Longest request that is taken, as in Kafka (socket.request.max.bytes): 100 MiB. */
export const maxFrameBytes = 100 * 1024 * 1024
/** API key, version and correlation id: what every request has. */
const minFrameBytes = 8
const lengthBytes = 4

/** Cuts a stream of chunks into frames, each led by its length. Holds no more than the frame that is under way. */
export class FrameSplitter {
  #chunks: Buffer[] = []
  #held = 0

  /** The frames that this chunk completes, in order. Throws MalformedRequest for a length that no request can have. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk)
    this.#held += chunk.length
    const frames: Buffer[] = []
    for (let length = this.#announced(); length !== undefined; length = this.#announced()) {
      if (this.#held < lengthBytes + length) break
      const bytes = this.#whole()
      frames.push(bytes.subarray(lengthBytes, lengthBytes + length))
      this.#reset(bytes.subarray(lengthBytes + length))
    }
    return frames
  }

  #announced(): number | undefined {
    if (this.#held < lengthBytes) return undefined
    const first = this.#chunks[0]
    const length = (first !== undefined && first.length >= lengthBytes ? first : this.#whole()).readInt32BE(0)
    if (length >= minFrameBytes && length <= maxFrameBytes) return length
    throw new MalformedRequest(`a request announces ${length} bytes; ${minFrameBytes} to ${maxFrameBytes} are taken`)
  }

  /** Joins what is held, once it is needed in one piece: a large frame in many chunks is copied once. */
  #whole(): Buffer {
    const [first, ...others] = this.#chunks
    const bytes = first !== undefined && others.length === 0 ? first : Buffer.concat(this.#chunks)
    this.#chunks = [bytes]
    return bytes
  }

  #reset(rest: Buffer): void {
    this.#chunks = rest.length === 0 ? [] : [rest]
    this.#held = rest.length
  }
}
