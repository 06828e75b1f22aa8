import type { Codec } from './codec.js'

/** Reads ASCII text (or null) to the same result as `decode` does its bytes, without the cost of a buffer. */
export type TextReader<T> = (text: string | null) => T | Promise<T>

/** By their codec's `decode`: a codec that is spread into one with a decode of its own leaves its reader behind. */
const readers = new WeakMap<Codec<unknown>['decode'], TextReader<unknown>>()

/** The codec, whose `decode` has a reader of text from now on. */
export function withTextReader<T>(codec: Codec<T>, reader: TextReader<T>): Codec<T> {
  readers.set(codec.decode, reader)
  return codec
}

/** The reader of text that goes with a codec's `decode`, if there is one. */
export function textReaderOf<T>(codec: Codec<T>): TextReader<T> | undefined {
  return readers.get(codec.decode) as TextReader<T> | undefined
}
