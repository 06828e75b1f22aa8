import type { Clock } from '../../clock.js'
import type { MillraceError } from '../../errors.js'
import type { KafkaEvent } from '../../event/index.js'
import type { Attempt, MappingOptions } from '../../local/esm/index.js'
import type { Bounds } from '../offsets.js'
import { outOfRange, type PartitionRange } from './range.js'

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
  /**
   * Where offsets were passed over since the last look, tells what is compacted away, or no record, from what Kafka let go of
   * before it was read: to be asked soon, for it lets go of more.
   */
  look(ask: AskBounds): Promise<void>
  /** The last look, when nothing comes any more. @throws MillraceError `ML_OFFSET_OUT_OF_RANGE` where any was let go of */
  check(ask: AskBounds): Promise<void>
}

/** What Kafka has of the topic now. */
type AskBounds = () => Promise<readonly Bounds[]>

/** How fast, in records per second; and on what clock. */
export interface Pace {
  readonly rate: number | undefined
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  readonly signal: AbortSignal
}

/** Has a function see what lies in the ranges alone, and at most so many records a second. */
export function limited(invoke: Invoke, topic: string, ranges: readonly PartitionRange[], pace: Pace): Limited {
  const { rate, clock, signal } = pace
  const replayed = { records: 0, invocations: 0, failed: 0 }
  const byPartition = new Map(ranges.map((range) => [range.partition, range]))
  /** The offset that is to come next, by partition. */
  const next = new Map(ranges.map(({ partition, from }) => [partition, from]))
  /** The first offset that was passed over, by partition, since it was looked into. */
  const holes = new Map<number, number>()
  let lost: MillraceError | undefined
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

  function passOver(partition: number, offset: number): void {
    if (!holes.has(partition)) holes.set(partition, offset)
  }

  async function look(ask: AskBounds): Promise<void> {
    if (holes.size === 0) return
    const passed = [...holes]
    holes.clear()
    const bounds = await ask()
    for (const [partition, offset] of passed) {
      const now = bounds.find((one) => one.partition === partition)
      // What Kafka still keeps from there on is nothing that it let go of.
      if (now && now.low > offset) lost ??= outOfRange(now, topic, `${offset} was deleted before it could be replayed`)
    }
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
      // Who has asked for an end gets no more, and no faster, until the mapping has stopped.
      if (signal.aborted) throw new Error('the replay was stopped; the batch is left')
      for (const { partition, offset } of records) {
        const due = next.get(partition) ?? 0
        if (offset < due) continue
        if (offset > due) passOver(partition, due)
        next.set(partition, offset + 1)
        replayed.records++
      }
      replayed.invocations++
      return invoke(within)
    },
    onBatch({ event, decision }) {
      if (!signal.aborted && decision.kind !== 'settled' && Object.keys(cut(event).records).length > 0)
        replayed.failed++
    },
    look,
    async check(ask) {
      for (const { partition, end } of ranges) {
        const due = next.get(partition) ?? 0
        if (due < end) passOver(partition, due)
      }
      await look(ask)
      if (lost) throw lost
    },
    left: (committed) =>
      ranges.flatMap(({ partition, from, end }) => {
        const next = Math.max(from, committed.get(partition) ?? from)
        return next < end ? [{ partition, from: next, end }] : []
      }),
  }
}
