import { type KafkaEvent, kafkaEvent } from './millrace.js'

export { handleOrder, noWork, Order, type Work } from './order.js'

/** Makes the events of one topic, offsets rising in each partition from event to event. */
export interface Source {
  readonly topic: string
  readonly partitions: number
  /** The next event: so many records, spread evenly over the partitions. */
  next(records: number): KafkaEvent
  /** Leaves a hole of so many offsets in every partition. */
  skip(offsets: number): void
}

/** A date of the past, because a timestamp in the future is evidence of nothing. */
const firstTimestamp = 1_700_000_000_000

export function orderSource(topic: string, partitions: number, firstOffset = 0): Source {
  const offsets = Array.from({ length: partitions }, () => firstOffset)
  return {
    topic,
    partitions,
    next(records) {
      const specs = Array.from({ length: records }, (_, i) => {
        const partition = i % partitions
        const offset = offsets[partition] ?? 0
        offsets[partition] = offset + 1
        const key = `customer-${offset % 100}`
        const value = {
          orderId: `order-${partition}-${offset}`,
          customerId: key,
          seq: offset,
          cents: 100 + (offset % 900),
        }
        return { key, value, partition, offset, timestamp: firstTimestamp + offset }
      })
      return kafkaEvent({ topic, records: specs })
    },
    skip(holes) {
      for (const i of offsets.keys()) offsets[i] = (offsets[i] ?? 0) + holes
    },
  }
}
