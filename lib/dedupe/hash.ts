import { hash } from 'node:crypto'

/** Characters of base64url, six bits each, of a key's SHA-256. Every JavaScript string has bytes of its own in UTF-16. */
const hashOf = (key: string, characters: number): string =>
  hash('sha256', Buffer.from(key, 'utf16le'), 'base64url').slice(0, characters)

/** 132 bits: names an item. */
export const longHash = (key: string): string => hashOf(key, 22)

/** 96 bits, 12 bytes: among a million keys of one source partition, two are alike with a chance of 10^-17. */
export const shortHash = (key: string): string => hashOf(key, 16)
