/**
 * Where Kafka's clients for Java would put a record with a key (murmur2 of the key's bytes); those without a key take turns by
 * their number `n`, so that they spread evenly.
 */
export function partitioner(partitions: number): (key: Buffer | null, n: number) => number {
  return (key, n) => (key === null ? n % partitions : (murmur2(key) & 0x7fffffff) % partitions)
}

const seed = 0x9747b28c
const multiplier = 0x5bd1e995

/** The hash of Austin Appleby's, with the seed and the signed result of Kafka's clients for Java. */
function murmur2(bytes: Buffer): number {
  const { length } = bytes
  const whole = length & ~3
  let hash = seed ^ length
  for (let at = 0; at < whole; at += 4) {
    const word = Math.imul(bytes.readInt32LE(at), multiplier)
    hash = Math.imul(hash, multiplier) ^ Math.imul(word ^ (word >>> 24), multiplier)
  }
  if (whole < length) hash = Math.imul(hash ^ bytes.readUIntLE(whole, length - whole), multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}
