/**
 * What kafkajs cannot read by itself: batches compressed with snappy, lz4 and zstd, which Lambda's pollers read.
 *
 * @module
 */
import kafkajs from 'kafkajs'
import { asError, MillraceError } from '../../../errors.js'
import { readSnappy } from './snappy.js'

/** Undoes one compression. The libraries are loaded when the first such batch comes. */
const decompressors = {
  Snappy: async (bytes: Buffer) => {
    const { default: snappy } = await import('snappyjs')
    return readSnappy(bytes, (block) => snappy.uncompress(block))
  },
  LZ4: async (bytes: Buffer) => {
    const { default: lz4 } = await import('lz4js')
    // No Kafka client writes them, and the library would read them wrongly.
    if (((bytes[4] ?? 0) & 0x10) !== 0) throw new Error('lz4 frames with checksums of their blocks are not supported')
    return Buffer.from(lz4.decompress(bytes))
  },
  ZSTD: async (bytes: Buffer) => {
    const { decompress } = await import('fzstd')
    return Buffer.from(decompress(bytes))
  },
}

type Compression = keyof typeof decompressors

/**
 * Lets kafkajs, in this process, read snappy, lz4 and zstd where it has no codec for them. A batch that cannot be read is an
 * error `ML_LOCAL_BATCH_UNREADABLE` of the consumer.
 */
export function registerCodecs(): void {
  for (const name of Object.keys(decompressors) as Compression[]) {
    const type = kafkajs.CompressionTypes[name]
    if (!isRegistered(type)) kafkajs.CompressionCodecs[type] = () => codecOf(name)
  }
}

/** kafkajs has places for these codecs that throw. */
function isRegistered(type: number): boolean {
  try {
    ;(kafkajs.CompressionCodecs as Record<number, () => unknown>)[type]?.()
    return true
  } catch {
    return false
  }
}

const codecOf = (name: Compression) => ({
  compress: async (): Promise<Buffer> => {
    throw new MillraceError(
      'ML_OPTION_INVALID',
      `the local stack reads ${name}, and does not write it; use gzip, or none`,
    )
  },
  decompress: async (bytes: Buffer): Promise<Buffer> => {
    try {
      return await decompressors[name](bytes)
    } catch (cause) {
      throw new MillraceError(
        'ML_LOCAL_BATCH_UNREADABLE',
        `a batch of records compressed with ${name} cannot be read (${asError(cause).message}); produce it again with another compression, or begin after it`,
        { cause },
      )
    }
  },
})
