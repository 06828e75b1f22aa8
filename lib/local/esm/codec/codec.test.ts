import { gunzipSync } from 'node:zlib'
import kafkajs, { CompressionTypes, Kafka, logLevel } from 'kafkajs'
import lz4 from 'lz4js'
import snappy from 'snappyjs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { MillraceError } from '../../../errors.js'
import { broker, mapping, ok, values } from '../mapping.fixture.js'
import { registerCodecs } from './index.js'

/** The same twenty records as the Java client of Kafka 4.3.1 compresses them: snappy-java, lz4-java and zstd-jni. */
const byJava = {
  GZIP:
    'H4sIAAAAAAAA/3XRu2pCURCF4UGGg4iIiIiIyGEjVinO/VZInsBi3iDgqQYJqJBAyLs73ezC1S6+av0XImLNzn/h+34d72HIPsJz' +
    '/H2GITy+bmP6Y/Mj/NOFJhPW3F2OHDNr4a5ALklYS3clctMpa+WuQm42Y63d1cjN56yNuwa5xYK1ddcit1yydu465FYr1t5d/94J' +
    'rdeJ5tmnHw2KCG02JvNIgiZC263JIpKgitBuZ7KMJOgitN+brCIJyggdDibrSII2QmlqsokkqCMUgsk2kqCP0PFososkKCR0Opns' +
    'IwkavQDvy3ERNAMAAA==',
  Snappy:
    'glNOQVBQWQAAAAABAAAAAQAAATC0BrhOAAAABGswPnsib3JkZXIiOjAsInRleHQiOiJzYW1lIHdvcmRzIn0ATgACAgRrMRkoADFe' +
    'KAAQBAQEazIZKAAyXigAEAYGBGszGSgAM14oABAICARrNBkoADReKAAQCgoEazUZKAA1XigAEAwMBGs2GSgANl4oABAODgRrNxko' +
    'ADdeKAAQEBAEazgZKAA4XigAEBISBGs5GSgAOVYoACBSABQUBmsxMEA1kQAxWpIBHFIAFhYGazExHSpalAEcUgAYGAZrMTIdKlqW' +
    'ARxSABoaBmsxMx0qWpgBHFIAHBwGazE0HSpamgEcUgAeHgZrMTUdKlqcARxSACAgBmsxNh0qWp4BHFIAIiIGazE3HSpaoAEcUgAk' +
    'JAZrMTgdKgA4XnoBFCYmBmsxOR0qWqQB',
  LZ4:
    'BCJNGGBAgj0BAAD2IE4AAAAEazA+eyJvcmRlciI6MCwidGV4dCI6InNhbWUgd29yZHMifQBOAAICBGsxKAAfMSgABVYEBARrMigA' +
    'HzIoAAVWBgYEazMoAB8zKAAFVggIBGs0KAAfNCgABVYKCgRrNSgAHzUoAAVWDAwEazYoAB82KAAFVg4OBGs3KAAfNygABVYQEARr' +
    'OCgAHzgoAAVWEhIEazkoAB85KAADlVIAFBQGazEwQJEBHzGSAQSHUgAWFgZrMTEqAA+UAQSHUgAYGAZrMTIqAA+WAQSHUgAaGgZr' +
    'MTMqAA+YAQSHUgAcHAZrMTQqAA+aAQSHUgAeHgZrMTUqAA+cAQSHUgAgIAZrMTYqAA+eAQSHUgAiIgZrMTcqAA+gAQSHUgAkJAZr' +
    'MTgqAA+iAQSHUgAmJgZrMTkqAA6kAVBkcyJ9AAAAAAA=',
  ZSTD:
    'KLUv/QBYhAYAskokIkCnOAeuWpF0PXoRF1Eaw9aHiIiIEDZIFwUE+H71/Rop25Fz9jeRkLK/CESM/WWGsL+S9F5/Dwfn+mswtNbf' +
    'QoGx/hII3f2NotXogKm/ELQac16fR8qr48R4bRoIrwzz3nVZnLsqSmvXXcauqt3XJFmMdcAQR/UgkKgBAQgvOFJARVgxLbiiHNWD' +
    'DQCm61qLESYg0BvXShgFblzAjQvcuMAVF7hxgRsXcOMquE3GXJnKWE0qsSlg8AMErIDBDwiwAgY/IGAFGPwMxBcsywEAAA==',
}

const codecs = kafkajs.CompressionCodecs as Record<number, () => { decompress(bytes: Buffer): Promise<Buffer> }>
const compressed = ['Snappy', 'LZ4', 'ZSTD'] as const
const decompress = async (name: (typeof compressed)[number], bytes: Buffer) =>
  (await codecs[CompressionTypes[name]]?.().decompress(bytes))?.toString('latin1')

beforeAll(registerCodecs)

/** A frame of one raw block, which needs no compressor. */
function zstdFrame(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(bytes.length)
  const block = (bytes.length << 3) | 1
  const header = [block & 255, (block >> 8) & 255, (block >> 16) & 255]
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0]), size, Buffer.from(header), bytes])
}

const compressors = {
  Snappy: (bytes: Buffer) => Buffer.from(snappy.compress(bytes)),
  LZ4: (bytes: Buffer) => Buffer.from(lz4.compress(bytes)),
  ZSTD: zstdFrame,
}

/** A topic `orders` with records that a producer compressed, in partition 0. */
async function produceBy(address: string, name: keyof typeof compressors, compress: (bytes: Buffer) => Buffer) {
  const type = CompressionTypes[name]
  const own = codecs[type]
  if (!own) throw new Error(`no codec ${name}`)
  codecs[type] = () => ({ ...own(), compress: async ({ buffer }: { buffer: Buffer }) => compress(buffer) })
  try {
    const producer = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).producer()
    await producer.connect()
    const messages = Array.from({ length: 50 }, (_, n) => ({ value: `the same words ${n}`, partition: 0 }))
    await producer.send({ topic: 'orders', compression: type, messages })
    await producer.disconnect()
  } finally {
    codecs[type] = own
  }
}

describe('batches compressed with', () => {
  it.each(compressed)('%s are read as the Java client writes them', async (name) => {
    const plain = gunzipSync(Buffer.from(byJava.GZIP, 'base64')).toString('latin1')
    expect(plain).toContain('{"order":19,"text":"same words"}')
    expect(await decompress(name, Buffer.from(byJava[name], 'base64'))).toBe(plain)
  })

  it.each(compressed)('%s reach the function through broker and consumer', async (name) => {
    const on = await broker({ defaultPartitions: 1 })
    await produceBy(on.address, name, compressors[name])
    const seen: string[] = []
    const running = await mapping(on, (event) => ok(void seen.push(...(values(event)['orders-0'] ?? []))))
    await running.idle()
    expect(seen).toEqual(Array.from({ length: 50 }, (_, n) => `the same words ${n}`))
  })

  it.each(
    compressed,
  )('%s that cannot be read are told of with a code, again and again, and never skipped', async (name) => {
    const on = await broker({ defaultPartitions: 1 })
    await produceBy(on.address, name, () => Buffer.from('these bytes are compressed by nobody'))
    const errors: MillraceError[] = []
    const lines: string[] = []
    const options = {
      onError: (error: MillraceError) => void errors.push(error),
      log: (line: string) => void lines.push(line),
    }
    const running = await mapping(on, () => ok(), {}, options)
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(1), { timeout: 20_000 })
    expect(errors[0]).toMatchObject({ code: 'ML_LOCAL_BATCH_UNREADABLE' })
    expect(lines.join('\n')).toMatch(new RegExp(`compressed with ${name} cannot be read .*produce it again`))
    expect(running.history).toEqual([])
  })

  it('snappy in frames that are cut off, and lz4 with checksums of its blocks, are refused', async () => {
    const cut = Buffer.from(byJava.Snappy, 'base64').subarray(0, -1)
    await expect(decompress('Snappy', cut)).rejects.toThrow(/^ML_LOCAL_BATCH_UNREADABLE: .*cut off/)
    const checked = Buffer.from(byJava.LZ4, 'base64')
    checked[4] = (checked[4] ?? 0) | 0x10
    await expect(decompress('LZ4', checked)).rejects.toThrow(/^ML_LOCAL_BATCH_UNREADABLE: .*checksums/)
  })
})

it('leaves a codec alone that somebody has registered', () => {
  const own = codecs[CompressionTypes.LZ4]
  const theirs = () => ({ decompress: async (bytes: Buffer) => bytes })
  codecs[CompressionTypes.LZ4] = theirs
  registerCodecs()
  expect(codecs[CompressionTypes.LZ4]).toBe(theirs)
  if (own) codecs[CompressionTypes.LZ4] = own
})
