/** One record as Lambda delivers it. `key` and `value` are base64 and absent (or null) when Kafka has none (KAFKA-ESM §1). */
export interface WireRecord {
  topic: string
  partition: number
  offset: number
  /** Epoch milliseconds. */
  timestamp: number
  timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  key?: string | null
  value?: string | null
  /** One single-entry object per header; bytes are signed, -128 to 127. */
  headers?: Record<string, number[] | null>[]
}

/** The event of a Kafka event source mapping, Amazon MSK or self-managed. */
export interface KafkaEvent {
  eventSource: 'aws:kafka' | 'SelfManagedKafka'
  /** Amazon MSK only. */
  eventSourceArn?: string
  /** Comma-joined `host:port` list. */
  bootstrapServers: string
  /** Keyed by `<topic>-<partition>`. */
  records: Record<string, WireRecord[]>
}

/** Names one record in a batch response: `partition` is its key in `event.records`. */
export interface BatchItemFailure {
  itemIdentifier: { partition: string; offset: number }
}

/** The answer of a function whose mapping has `ReportBatchItemFailures`. */
export interface BatchResponse {
  batchItemFailures: BatchItemFailure[]
}
