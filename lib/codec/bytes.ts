import type { Codec } from './codec.js'

/**
 * The bytes as they are; null where there are none.
 *
 * @example
 * ```ts
 * import { bytes, kafkaFunction } from 'millrace'
 *
 * export const handler = kafkaFunction({ value: bytes(), key: bytes() }, (record, ctx) => {
 *   ctx.logger.info('received', { size: record.value?.length ?? 0 })
 * })
 * ```
 */
export function bytes(): Codec<Buffer | null> {
  return { name: 'bytes', decode: (value) => value }
}
