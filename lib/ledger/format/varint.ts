import { MillraceError } from '../../errors.js'

/** Appends integers of any safe size to a growing run of bytes, small ones in few bytes (LEB128; signed ones zigzag). */
export class ByteWriter {
  #bytes: number[] = []

  /** A safe integer, zero or more. */
  unsigned(value: number): this {
    // What cannot be read back must never be written.
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} has no place in a ledger item`)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes.push((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes.push(rest)
    return this
  }

  /** Any integer of at most half the safe range. */
  signed(value: number): this {
    return this.unsigned(value < 0 ? -2 * value - 1 : 2 * value)
  }

  bytes(value: Uint8Array): this {
    this.unsigned(value.length)
    for (const byte of value) this.#bytes.push(byte)
    return this
  }

  take(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }
}

/** Reads what {@link ByteWriter} wrote. @throws MillraceError `ML_LEDGER_FORMAT` where the bytes end early or make no sense */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length
  }

  unsigned(): number {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined || scale > Number.MAX_SAFE_INTEGER) throw damaged()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
    }
    if (!Number.isSafeInteger(value)) throw damaged()
    return value
  }

  signed(): number {
    const value = this.unsigned()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  bytes(): Uint8Array {
    const length = this.unsigned()
    if (this.#at + length > this.#bytes.length) throw damaged()
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  list<T>(read: (index: number) => T): T[] {
    const length = this.unsigned()
    if (length > this.#bytes.length) throw damaged()
    return Array.from({ length }, (_, i) => read(i))
  }
}

const damaged = () =>
  new MillraceError(
    'ML_LEDGER_FORMAT',
    'a ledger item is damaged; nothing is changed. Restore it from a backup, or delete it to have its source partition delivered again',
  )
