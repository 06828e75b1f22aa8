import type { Clock } from '../../clock.js'
import type { KafkaEvent } from '../../event/index.js'
import type { Attempt, MappingOptions } from '../../local/esm/index.js'
import { type Bounds, outOfRange, type PartitionRange } from './range.js'

type Invoke = MappingOptions['invoke']

/** What a replay has come to. */
export interface Replayed {
  /** Different records that were delivered. */
  readonly records: number
  readonly invocations: number
  /** Invocations after which records came again. */
  readonly failed: number
}

/** A mapping's way to a function, cut to ranges. */
export interface Limited {
  readonly invoke: Invoke
  onBatch(attempt: Attempt): void
  readonly replayed: Replayed
  /** The ranges without what is settled of them. */
  left(committed: ReadonlyMap<number, number>): readonly PartitionRange[]
  /** The ranges whose first record never came: it is compacted away, or was deleted meanwhile. */
  skipped(): readonly PartitionRange[]
}

/** How fast, in records per second; and on what clock. */
export interface Pace {
  readonly rate: number | undefined
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  readonly signal: AbortSignal
}

/** Has a function see what lies in the ranges alone, and at most so many records a second. */
export function limited(invoke: Invoke, ranges: readonly PartitionRange[], pace: Pace): Limited {
  const { rate, clock, signal } = pace
  const replayed = { records: 0, invocations: 0, failed: 0 }
  const byPartition = new Map(ranges.map((range) => [range.partition, range]))
  /** The highest offset that was delivered, by partition, and the first. */
  const seen = new Map<number, number>()
  const first = new Map<number, number>()
  const began = clock.now()
  let sent = 0

  function cut(event: KafkaEvent): KafkaEvent {
    const records = Object.entries(event.records).flatMap(([identifier, all]) => {
      const kept = all.filter(({ partition, offset }) => {
        const range = byPartition.get(partition)
        return range !== undefined && offset >= range.from && offset < range.end
      })
      return kept.length > 0 ? [[identifier, kept] as const] : []
    })
    return { ...event, records: Object.fromEntries(records) }
  }

  return {
    replayed,
    async invoke(event) {
      const within = cut(event)
      const records = Object.values(within.records).flat()
      if (records.length === 0) {
        const payload = { batchItemFailures: [] }
        return { kind: 'ok', payload, requestId: 'none', durationMs: 0, pid: process.pid, coldStart: false }
      }
      if (rate !== undefined) {
        const wait = began + (sent / rate) * 1_000 - clock.now()
        if (wait > 0) await clock.sleep(wait, signal)
        sent += records.length
      }
      for (const { partition, offset } of records) {
        if (!first.has(partition)) first.set(partition, offset)
        if (offset <= (seen.get(partition) ?? -1)) continue
        seen.set(partition, offset)
        replayed.records++
      }
      replayed.invocations++
      return invoke(within)
    },
    onBatch({ event, decision }) {
      if (decision.kind !== 'settled' && Object.keys(cut(event).records).length > 0) replayed.failed++
    },
    skipped: () => ranges.filter(({ partition, from, end }) => from < end && first.get(partition) !== from),
    left: (committed) =>
      ranges.flatMap(({ partition, from, end }) => {
        const next = Math.max(from, committed.get(partition) ?? from)
        return next < end ? [{ partition, from: next, end }] : []
      }),
  }
}

/** @throws MillraceError `ML_OFFSET_OUT_OF_RANGE` where Kafka, by what it has now, let go of records before they were read */
export function checkKept({ skipped }: Limited, bounds: readonly Bounds[], topic: string): void {
  for (const { partition, from } of skipped()) {
    const now = bounds.find((one) => one.partition === partition)
    if (now && now.low > from) throw outOfRange(now, topic, `${from} was deleted before it could be replayed`)
  }
}
