import { Partitioners } from 'kafkajs'

/** Kafka's own rule for records with a key; those without take turns by their number. */
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
