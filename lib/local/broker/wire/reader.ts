/** Raised for bytes that are no request, or one that no answer can refuse; the connection that sent them is closed, no other. */
export class MalformedRequest extends Error {
  override readonly name = 'MalformedRequest'
}

/** Items of all arrays of one request: a few bytes each on the wire, they are a hundred each in memory. */
const maxItems = 500_000

/**
 * Reads the protocol's primitives from one frame, in order. `flexible` switches strings, bytes and arrays to their
 * compact form, so that one decoder serves both generations of an API. Byte results are views of the frame, not copies.
 */
export class Reader {
  readonly #bytes: Buffer
  readonly #flexible: boolean
  #at: number
  #itemsLeft = maxItems

  constructor(bytes: Buffer, flexible = false, at = 0) {
    this.#bytes = bytes
    this.#flexible = flexible
    this.#at = at
  }

  /** A reader that goes on from here in the other generation of the protocol. */
  as(flexible: boolean): Reader {
    return new Reader(this.#bytes, flexible, this.#at) // before any array
  }

  int8(): number {
    return this.#bytes.readInt8(this.#skip(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#skip(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#skip(4))
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#skip(8))
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  /** A topic id, as 32 hexadecimal digits. */
  uuid(): string {
    return this.#take(16).toString('hex')
  }

  nullableString(): string | null {
    const length = this.#flexible ? this.#uvarint() - 1 : this.int16()
    return length < 0 ? null : this.#take(length).toString('utf8')
  }

  string(): string {
    return required(this.nullableString(), 'a string')
  }

  nullableBytes(): Buffer | null {
    const length = this.#flexible ? this.#uvarint() - 1 : this.int32()
    return length < 0 ? null : this.#take(length)
  }

  bytes(): Buffer {
    return required(this.nullableBytes(), 'bytes')
  }

  nullableArray<T>(item: (reader: Reader) => T): T[] | null {
    const length = this.#flexible ? this.#uvarint() - 1 : this.int32()
    if (length < 0) return null
    // Every item takes a byte at least: a count beyond what is left is a lie, and must not become an allocation.
    if (length > this.#bytes.length - this.#at) throw new MalformedRequest(`an array claims ${length} items`)
    this.#itemsLeft -= length
    if (this.#itemsLeft < 0) throw new MalformedRequest(`its arrays have more than ${maxItems} items`)
    return Array.from({ length }, () => item(this))
  }

  array<T>(item: (reader: Reader) => T): T[] {
    return required(this.nullableArray(item), 'an array')
  }

  /** Skips the tagged fields that end every flexible structure; there are none in the older generation. */
  tags(): void {
    if (!this.#flexible) return
    for (let left = this.#uvarint(); left > 0; left--) {
      this.#uvarint()
      this.#skip(this.#uvarint())
    }
  }

  #uvarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#skip(1))
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new MalformedRequest('a varint is longer than 5 bytes')
  }

  #take(length: number): Buffer {
    const from = this.#skip(length)
    return this.#bytes.subarray(from, from + length)
  }

  #skip(length: number): number {
    const from = this.#at
    if (length < 0 || from + length > this.#bytes.length) {
      throw new MalformedRequest(`the request ends at byte ${this.#bytes.length}, ${length} more were announced`)
    }
    this.#at = from + length
    return from
  }
}

function required<T>(value: T | null, what: string): T {
  if (value === null) throw new MalformedRequest(`${what} is null where the protocol forbids it`)
  return value
}
