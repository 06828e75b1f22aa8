import { Partitioners } from 'kafkajs'

/**
 * Where Kafka's clients for Java would put a record with a key (murmur2 of the key's bytes); those without a key take turns by
 * their number `n`, so that they spread evenly.
 */
export function partitioner(partitions: number): (key: Buffer | null, n: number) => number {
  const choose = Partitioners.DefaultPartitioner()
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 0,
    replicas: [],
    isr: [],
  }))
  return (key, n) =>
    key === null ? n % partitions : choose({ topic: '', partitionMetadata, message: { key, value: null } })
}
