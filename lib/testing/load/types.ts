/** A record to produce. */
export interface OutgoingRecord {
  /** Null or left out: no key. */
  readonly key?: Buffer | null
  /** Null: a tombstone. */
  readonly value: Buffer | null
  /** The same key may come several times; those of one key keep their order. */
  readonly headers?: readonly (readonly [key: string, value: Buffer])[]
  /** Left out: by the key, as Kafka's clients for Java choose it, or in turns where there is no key. */
  readonly partition?: number
  /** Epoch milliseconds. Left out: when it is sent. */
  readonly timestamp?: number
}

/** Where records went. */
export interface Produced {
  readonly topic: string
  readonly records: number
  /** Those that got any, by number. */
  readonly partitions: readonly ProducedPartition[]
  readonly durationMs: number
}

/** What one partition got. */
export interface ProducedPartition {
  readonly partition: number
  readonly records: number
  /** Offset of the first record. */
  readonly first: number
  /** Offset of the last record; others may have produced between both. */
  readonly last: number
}
