import { isUtf8 } from 'node:buffer'
import { MillraceError } from '../errors.js'
import { withTextReader } from './ascii.js'
import type { Codec } from './codec.js'

/** The text of UTF-8 bytes. Invalid bytes are an error, never a replacement character (PEERS, defect 12). */
export function utf8(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  throw new MillraceError(
    'ML_DECODE_UTF8',
    'the bytes are not UTF-8; mend the producer, or read them as they are with the codec bytes()',
  )
}

/**
 * UTF-8 text; null where there are no bytes. The default codec of keys.
 *
 * Errors: `ML_DECODE_UTF8`.
 *
 * @example
 * ```ts
 * import { kafkaFunction, text } from 'millrace'
 *
 * export const handler = kafkaFunction({ value: text() }, (record, ctx) => {
 *   ctx.logger.info(record.value ?? 'a tombstone')
 * })
 * ```
 */
export function text(): Codec<string | null> {
  return withTextReader({ name: 'text', decode: (bytes) => (bytes === null ? null : utf8(bytes)) }, (text) => text)
}
