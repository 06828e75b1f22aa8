import type { Admin } from 'kafkajs'
import { MillraceError } from '../../errors.js'
import { type Bounds, boundsOf } from '../offsets.js'
import type { From } from '../record-options.js'
import { usage } from '../voice.js'
import type { ReplayOptions } from './options.js'

/** What of a partition is to be replayed: the offsets from `from` to before `end`. */
export interface PartitionRange {
  readonly partition: number
  readonly from: number
  readonly end: number
}

/** What a replay is about, of a topic as it is now. */
export interface Ranges {
  /** Those that are meant, by partition. */
  readonly ranges: readonly PartitionRange[]
  /** All partitions of the topic. */
  readonly bounds: readonly Bounds[]
}

/**
 * What the options mean.
 *
 * @throws MillraceError `ML_LOCAL_TOPIC_MISSING`, `ML_USAGE`; `ML_OFFSET_OUT_OF_RANGE` for what Kafka keeps no more, or has not
 *   got yet
 */
export async function rangesOf(admin: Admin, options: ReplayOptions): Promise<Ranges> {
  const { topic, from, to } = options
  const bounds = await boundsOf(admin, topic)
  const starts = await placesOf(admin, topic, from)
  const ends = to && (await placesOf(admin, topic, to))
  const ranges = chosen(bounds, options).map((one): PartitionRange => {
    const start = starts(one)
    if (start === undefined) throw usage(`--from does not say where partition ${one.partition} starts`)
    checkStart(one, start, options)
    const last = ends?.(one)
    const isOffset = to?.at === 'offsets' && last !== undefined
    if (isOffset && last >= one.high) throw outOfRange(one, topic, `${last} has not been written yet`)
    if (isOffset && last < start)
      throw usage(`--to ${one.partition}:${last} is before --from ${one.partition}:${start}`)
    return { partition: one.partition, from: start, end: isOffset ? last + 1 : Math.max(start, last ?? one.high) }
  })
  return { ranges, bounds }
}

/** Where a position lies in a partition; undefined where it does not say. */
async function placesOf(admin: Admin, topic: string, where: From): Promise<(of: Bounds) => number | undefined> {
  if (where.at === 'earliest') return ({ low }) => low
  if (where.at === 'latest') return ({ high }) => high
  if (where.at === 'offsets') return ({ partition }) => where.offsets[partition]
  const found = await admin.fetchTopicOffsetsByTimestamp(topic, where.seconds * 1_000)
  return ({ partition, high }) => Number(found.find((one) => one.partition === partition)?.offset ?? high)
}

/** The partitions that are meant: those named, else those that have an offset to start at, else all. */
function chosen(bounds: readonly Bounds[], { topic, from, partitions }: ReplayOptions): readonly Bounds[] {
  const named = partitions ?? (from.at === 'offsets' ? Object.keys(from.offsets).map(Number) : undefined)
  if (named === undefined) return bounds
  const unknown = named.find((partition) => !bounds.some((one) => one.partition === partition))
  if (unknown !== undefined) throw usage(`${topic} has no partition ${unknown}; it has ${bounds.length}, from 0`)
  return bounds.filter(({ partition }) => named.includes(partition))
}

/** Nothing that is asked for may be missing without a word. */
function checkStart(bounds: Bounds, start: number, { topic, from }: ReplayOptions): void {
  const { low, high } = bounds
  if (start < low) throw outOfRange(bounds, topic, `${start} is kept no more`)
  if (start > high) throw outOfRange(bounds, topic, `${start} has not been written yet`)
  // Of a time, Kafka tells the first record kept from then on: where that is the very first, some before it may be gone.
  if (from.at !== 'timestamp' || low === 0 || start > low) return
  const when = new Date(from.seconds * 1_000).toISOString()
  throw outOfRange(bounds, topic, `what was written between ${when} and the record ${low} may be kept no more`)
}

/** @param why what is out of range */
export function outOfRange({ partition, low, high }: Bounds, topic: string, why: string): MillraceError {
  const has = low < high ? `keeps ${low} (earliest) to ${high - 1} (latest)` : `keeps no record before ${high}`
  return new MillraceError(
    'ML_OFFSET_OUT_OF_RANGE',
    `OffsetOutOfRange: partition ${partition} of ${topic} ${has}, and ${why}; start at what there is with --from earliest, or with --from ${partition}:${low}`,
  )
}
