const lengthBytes = 4

/**
 * Writes the protocol's primitives. Large byte strings are kept by reference, so that stored record batches reach the
 * socket without a copy. `flexible` switches strings, bytes and arrays to their compact form.
 */
export class Writer {
  readonly #flexible: boolean
  readonly #done: Buffer[] = []
  #doneBytes = 0
  #current = Buffer.allocUnsafe(512)
  /** The length of the frame comes first, so that a short answer is one piece. */
  #at = lengthBytes

  constructor(flexible = false) {
    this.#flexible = flexible
  }

  int8(value: number): this {
    this.#at = this.#room(1).writeInt8(value, this.#at)
    return this
  }

  int16(value: number): this {
    this.#at = this.#room(2).writeInt16BE(value, this.#at)
    return this
  }

  int32(value: number): this {
    this.#at = this.#room(4).writeInt32BE(value, this.#at)
    return this
  }

  int64(value: bigint | number): this {
    this.#at = this.#room(8).writeBigInt64BE(BigInt(value), this.#at)
    return this
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  /** A topic id given as 32 hexadecimal digits. */
  uuid(value: string): this {
    return this.#copy(Buffer.from(value, 'hex'))
  }

  string(value: string | null): this {
    const bytes = value === null ? null : Buffer.from(value, 'utf8')
    if (this.#flexible) this.#uvarint((bytes?.length ?? -1) + 1)
    else this.int16(bytes?.length ?? -1)
    return bytes === null ? this : this.#copy(bytes)
  }

  bytes(value: Buffer): this {
    this.#length(value.length)
    return this.#copy(value)
  }

  /** One byte string made of several parts, each kept by reference. */
  joined(parts: readonly Buffer[]): this {
    this.#length(parts.reduce((sum, part) => sum + part.length, 0))
    this.#flush()
    for (const part of parts) this.#keep(part)
    return this
  }

  array<T>(items: readonly T[] | null, write: (item: T) => void): this {
    this.#length(items?.length ?? -1)
    for (const item of items ?? []) write(item)
    return this
  }

  int32s(items: readonly number[]): this {
    return this.array(items, (item) => this.int32(item))
  }

  /** The (empty) tagged fields that end every flexible structure; nothing in the older generation. */
  tags(): this {
    return this.#flexible ? this.#uvarint(0) : this
  }

  /** What was written, as one frame: its length first. */
  frame(): Buffer[] {
    this.#flush()
    this.#done[0]?.writeInt32BE(this.#doneBytes - lengthBytes)
    return this.#done
  }

  #length(length: number): void {
    if (this.#flexible) this.#uvarint(length + 1)
    else this.int32(length)
  }

  #uvarint(value: number): this {
    let rest = value
    for (; rest > 0x7f; rest >>>= 7) this.int8(((rest & 0x7f) | 0x80) - 0x100)
    return this.int8(rest)
  }

  #copy(bytes: Buffer): this {
    this.#room(bytes.length)
    this.#at += bytes.copy(this.#current, this.#at)
    return this
  }

  #room(bytes: number): Buffer {
    if (this.#at + bytes > this.#current.length) {
      this.#flush()
      this.#current = Buffer.allocUnsafe(Math.max(4096, bytes))
    }
    return this.#current
  }

  #flush(): void {
    if (this.#at === 0) return
    this.#keep(this.#current.subarray(0, this.#at))
    this.#current = this.#current.subarray(this.#at)
    this.#at = 0
  }

  #keep(bytes: Buffer): void {
    this.#done.push(bytes)
    this.#doneBytes += bytes.length
  }
}
