import { MalformedRequest } from './wire/reader.js'

/** API key, version and correlation id: what every request has. */
const minFrameBytes = 8
const lengthBytes = 4

/** Cuts a stream of chunks into frames, each led by its length. Holds no more than the frame that is under way. */
export class FrameSplitter {
  readonly #maxBytes: number
  #chunks: Buffer[] = []
  #held = 0

  /** `maxBytes`: longest frame that is taken. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes of a frame that is not complete. */
  get heldBytes(): number {
    return this.#held
  }

  /** The frames that this chunk completes, in order. Throws MalformedRequest for a length that no request can have. */
  push(chunk: Buffer): Buffer[] {
    this.#hold(chunk)
    const frames: Buffer[] = []
    for (let length = this.#announced(); length !== undefined; length = this.#announced()) {
      if (this.#held < lengthBytes + length) break
      const bytes = this.#whole()
      frames.push(bytes.subarray(lengthBytes, lengthBytes + length))
      this.reset()
      this.#hold(bytes.subarray(lengthBytes + length))
    }
    return frames
  }

  /** Lets go of what is held. */
  reset(): void {
    this.#chunks = []
    this.#held = 0
  }

  #announced(): number | undefined {
    if (this.#held < lengthBytes) return undefined
    const first = this.#chunks[0]
    const length = (first !== undefined && first.length >= lengthBytes ? first : this.#whole()).readInt32BE(0)
    if (length >= minFrameBytes && length <= this.#maxBytes) return length
    throw new MalformedRequest(`a request announces ${length} bytes; ${minFrameBytes} to ${this.#maxBytes} are taken`)
  }

  /** Joins what is held, once it is needed in one piece: a large frame in many chunks is copied once. */
  #whole(): Buffer {
    const [first, ...others] = this.#chunks
    const bytes = first !== undefined && others.length === 0 ? first : Buffer.concat(this.#chunks)
    this.#chunks = [bytes]
    return bytes
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#chunks.push(bytes)
    this.#held += bytes.length
  }
}
