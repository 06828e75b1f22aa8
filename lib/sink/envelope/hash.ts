import { createHash, type Hash } from 'node:crypto'
import type { Header } from '../../event/index.js'

/**
 * SHA-256, in hexadecimal digits, over key, value and headers: of key and value the length (4 bytes, signed, big-endian; -1 for
 * null) and the bytes; then the number of headers (4 bytes); then of each its name in UTF-8 and its value, each with its length
 * like key and value. So null and empty differ, and no byte can move from one part to another unseen.
 */
export function hashOf(record: {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
}): string {
  const hash = createHash('sha256')
  part(hash, record.key)
  part(hash, record.value)
  hash.update(int32(record.headers.length))
  for (const { key, value } of record.headers) {
    part(hash, Buffer.from(key))
    part(hash, value)
  }
  return hash.digest('hex')
}

function part(hash: Hash, bytes: Buffer | null): void {
  hash.update(int32(bytes === null ? -1 : bytes.length))
  if (bytes !== null) hash.update(bytes)
}

function int32(number: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(number)
  return bytes
}
