// The Castagnoli polynomial, reflected. Eight tables let the loop take eight bytes at a time (several times faster).
const polynomial = 0x82f63b78
const tables = new Int32Array(8 * 256)
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
  tables[byte] = crc
}
for (let at = 256; at < tables.length; at++) {
  const before = table(at - 256)
  tables[at] = (before >>> 8) ^ table(before & 0xff)
}

function table(at: number): number {
  return tables[at] ?? 0
}

/** The CRC-32C of `bytes` from position `from` on, as an unsigned 32-bit number. */
export function crc32c(bytes: Buffer, from = 0): number {
  const lookup = tables
  const end = bytes.length
  let crc = -1
  let at = from
  for (; at + 8 <= end; at += 8) {
    const low = crc ^ bytes.readInt32LE(at)
    const high = bytes.readInt32LE(at + 4)
    crc =
      (lookup[1792 + (low & 0xff)] as number) ^
      (lookup[1536 + ((low >>> 8) & 0xff)] as number) ^
      (lookup[1280 + ((low >>> 16) & 0xff)] as number) ^
      (lookup[1024 + (low >>> 24)] as number) ^
      (lookup[768 + (high & 0xff)] as number) ^
      (lookup[512 + ((high >>> 8) & 0xff)] as number) ^
      (lookup[256 + ((high >>> 16) & 0xff)] as number) ^
      (lookup[high >>> 24] as number)
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ (lookup[(crc ^ bytes.readUInt8(at)) & 0xff] as number)
  return ~crc >>> 0
}
