import { MillraceError } from '../errors.js'
import type { WireRecord } from './wire.js'

/** One header. The same key may come several times; order is Kafka's. */
export interface Header {
  readonly key: string
  /** The exact bytes; null where Kafka has a null header value. */
  readonly value: Buffer | null
}

/**
 * One Kafka record as it was delivered: provenance at once, bytes decoded from base64 when first asked for, once.
 * Null (absent), empty and present bytes are three different things, for key and value alike.
 */
export class RawRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Epoch milliseconds. */
  readonly timestamp: number
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  /** The key's bytes as text, equal exactly where the keys are equal; null for a record without key. */
  readonly keyId: string | null
  readonly #value: string | null
  readonly #headers: WireRecord['headers']
  #keyBytes: Buffer | null | undefined
  #valueBytes: Buffer | null | undefined
  #decodedHeaders: readonly Header[] | undefined

  constructor(wire: WireRecord) {
    this.topic = wire.topic
    this.partition = wire.partition
    this.offset = wire.offset
    this.timestamp = wire.timestamp
    this.timestampType = wire.timestampType ?? 'CREATE_TIME'
    this.keyId = wire.key ?? null
    this.#value = wire.value ?? null
    // Read late, and the event is shared with middlewares, which may add to it.
    this.#headers = wire.headers?.length ? wire.headers.map((entry) => ({ ...entry })) : undefined
  }

  /** @throws MillraceError `ML_DECODE_BASE64` */
  get key(): Buffer | null {
    this.#keyBytes ??= this.keyId === null ? null : fromBase64(this.keyId, 'key')
    return this.#keyBytes
  }

  /** Null for a tombstone. @throws MillraceError `ML_DECODE_BASE64` */
  get value(): Buffer | null {
    this.#valueBytes ??= this.#value === null ? null : fromBase64(this.#value, 'value')
    return this.#valueBytes
  }

  /**
   * The text of ASCII bytes, read without making them, which costs half of it; null where there are none. Undefined for all
   * other bytes: their buffer tells.
   */
  asciiText(what: 'key' | 'value'): string | null | undefined {
    const base64 = what === 'key' ? this.keyId : this.#value
    if (base64 === null) return null
    try {
      const text = atob(base64)
      return text.length === lengthOf(base64) && !beyondAscii.test(text) ? text : undefined
    } catch {
      return undefined
    }
  }

  get headers(): readonly Header[] {
    this.#decodedHeaders ??= (this.#headers ?? []).flatMap((entry) =>
      // Lambda sends signed bytes; Buffer.from takes them modulo 256, which is their unsigned reading.
      Object.entries(entry).map(([key, bytes]) => ({ key, value: bytes === null ? null : Buffer.from(bytes) })),
    )
    return this.#decodedHeaders
  }

  /** Whether there is a header of this name; nothing is decoded for it. */
  hasHeader(name: string): boolean {
    if (this.#headers === undefined) return false
    for (const entry of this.#headers) for (const key in entry) if (key === name) return true
    return false
  }

  /** Lets go of the bytes that were read, once nobody is expected to read them again: thousands of them would outlive their use. */
  release(): void {
    this.#keyBytes = undefined
    this.#valueBytes = undefined
  }

  /** What was delivered where bytes were expected, for the envelope of a record whose base64 is broken. */
  get wireText(): { readonly key: string | null; readonly value: string | null } {
    return { key: this.keyId, value: this.#value }
  }
}

const beyondAscii = /[\x80-\xff]/

function fromBase64(base64: string, what: 'key' | 'value'): Buffer {
  const bytes = Buffer.from(base64, 'base64')
  // Node skips what is not base64, so anything illegal shows as a shorter result.
  if (bytes.length === lengthOf(base64)) return bytes
  throw new MillraceError('ML_DECODE_BASE64', `the record's ${what} is not base64; Lambda always sends base64`)
}

/** How many bytes it stands for; no whole number where it is cut off. */
function lengthOf(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  return (base64.length / 4) * 3 - padding
}
