/** How Java's snappy streams begin, which is how Kafka's Java clients compress. */
const magic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])

/** Magic, version, and the oldest version that may read it. */
const headerBytes = 16

/** Reads one block, as other clients write, or blocks in Java's framing: each after its length. */
export function readSnappy(bytes: Buffer, uncompress: (block: Buffer) => Uint8Array): Buffer {
  if (!bytes.subarray(0, magic.length).equals(magic)) return Buffer.from(uncompress(bytes))
  const blocks: Uint8Array[] = []
  for (let at = headerBytes; at < bytes.length; ) {
    const start = at + 4
    at = start + bytes.readInt32BE(at)
    if (at < start || at > bytes.length) throw new Error('a block of snappy is cut off')
    blocks.push(uncompress(bytes.subarray(start, at)))
  }
  return Buffer.concat(blocks)
}
