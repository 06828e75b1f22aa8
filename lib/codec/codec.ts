/**
 * Turns the bytes of a key or value into what the handler sees.
 *
 * A codec gets `null` where Kafka has no bytes (a tombstone, a record without key) and an empty buffer where it has none
 * of them, and decides what each means. It throws where it cannot decode: the record is poison then, its neighbours are not.
 *
 * @example
 * ```ts
 * import { type Codec, kafkaFunction } from 'millrace'
 *
 * const hex: Codec<string> = { name: 'hex', decode: (bytes) => bytes?.toString('hex') ?? '' }
 * export const handler = kafkaFunction({ value: hex }, (record) => console.log(record.value))
 * ```
 */
export interface Codec<T> {
  /** For logs and failures, for example `json`. */
  readonly name: string
  /** May be asynchronous. Throws where the bytes cannot be decoded. */
  decode(bytes: Buffer | null): T | Promise<T>
}
