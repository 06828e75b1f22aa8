import { MillraceError } from '../../errors.js'
import type { TakenBatch } from './batch.js'
import type { RecordBuffer } from './buffer.js'
import type { Delivery } from './deliver.js'
import { giveUp } from './discard.js'
import { identifierOf, selectRecords } from './event.js'

/**
 * Gives up the records that no event can carry; or, where a switch says so and no destination takes them, reads no further in
 * their partitions. @returns the records to deliver; undefined when the mapping was stopped
 */
export async function withoutOversized(delivery: Delivery, { records, oversized }: TakenBatch, buffer: RecordBuffer) {
  const { destination, switches, config, onError } = delivery
  if (destination || switches.oversizedWithoutDestination === 'drop') {
    for (const record of oversized) {
      const given = { [identifierOf(record.topic, record.partition)]: [record] }
      const condition = 'MaximumPayloadSizeExceeded'
      if (!(await giveUp(delivery, { condition, records: given, approximateInvokeCount: 0, result: undefined }))) return
    }
    return records
  }
  const ends = new Map<number, number>()
  for (const { topic, partition, offset } of oversized) {
    if (ends.has(partition)) continue
    ends.set(partition, offset)
    buffer.block(partition, offset)
    const what = `the record ${topic}:${partition}:${offset} is larger than the 6 MB of an event`
    const then = 'its partition stands still; give the mapping an on-failure destination'
    onError(new MillraceError('ML_LOCAL_SOURCE_FAILED', `the mapping ${config.id}: ${what}; ${then}`))
  }
  if (ends.size === 0) return records
  return selectRecords(records, ({ partition, offset }) => offset < (ends.get(partition) ?? Number.POSITIVE_INFINITY))
}
