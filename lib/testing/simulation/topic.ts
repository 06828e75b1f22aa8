import { itemKey } from '../../ledger/index.js'
import { drawLog, lastRecord } from './log.js'
import { group, type Simulation, topic } from './simulation.js'
import type { Entry, PartitionLog } from './truth.js'

/** The topic, and how far the group has committed it. */
export interface Topic {
  /** The next records of all partitions, at most so many of each. */
  take(atMost: number): Entry[]
  commit(records: readonly Entry[]): void
  /** Now and then: the group is reset, retention takes records, the topic is recreated. Nothing is under way meanwhile. */
  disturb(): void
  /** One more plain record in each partition. */
  append(): void
}

export function topicOf(simulation: Simulation): Topic {
  const { choices, scheduler, history, world } = simulation
  const partitions = Array.from({ length: world.partitions }, (_, i) => i)
  const logs = new Map<number, PartitionLog>()
  const cursors = new Map<number, number>()
  const left = {
    resets: world.resets ? (world.long ? 4 : 2) : 0,
    retentions: world.retention ? 2 : 0,
    recreations: world.recreates ? 2 : 0,
  }
  let incarnation = 0

  function create(): void {
    for (const partition of partitions) {
      const log = drawLog(choices, world, partition, incarnation, scheduler.now)
      const { pk } = itemKey(group, topic, partition)
      history.logs.set(pk, [...(history.logs.get(pk) ?? []), log])
      logs.set(partition, log)
      cursors.set(partition, 0)
    }
    incarnation++
  }

  function recreate(): void {
    for (const { entries } of logs.values()) for (const entry of entries) entry.gone ||= !entry.settled
    history.note(() => 'topic: recreated')
    create()
  }

  function reset(): void {
    const partition = choices.below('mapping', world.partitions)
    const before = (logs.get(partition)?.entries ?? []).filter(({ offset }) => offset < cursorOf(partition))
    const to = before.at(-1 - choices.below('mapping', before.length + 1))?.offset ?? 0
    history.note(() => `topic: group reset of ${partition} from ${cursors.get(partition)} to ${to}`)
    cursors.set(partition, Math.min(to, cursorOf(partition)))
  }

  function retain(): void {
    const partition = choices.below('mapping', world.partitions)
    const log = logs.get(partition)
    const entry = log?.entries[choices.below('mapping', log.entries.length)]
    if (log === undefined || entry === undefined) return
    log.start = Math.max(log.start, entry.offset)
    history.note(() => `topic: retention of ${partition} up to ${log.start}`)
    for (const one of log.entries) if (one.offset < log.start && !one.settled) one.gone = true
  }

  const cursorOf = (partition: number) => cursors.get(partition) ?? 0
  create()
  return {
    take: (atMost) =>
      partitions.flatMap((partition) => {
        const { entries, start } = logs.get(partition) ?? { entries: [], start: 0 }
        const from = Math.max(start, cursorOf(partition))
        return entries.filter(({ offset, withheld }) => offset >= from && !withheld).slice(0, atMost)
      }),
    commit(records) {
      for (const { partition, offset } of records) cursors.set(partition, Math.max(cursorOf(partition), offset + 1))
    },
    disturb() {
      if (left.resets > 0 && choices.oneIn('mapping', 4)) {
        left.resets--
        reset()
      }
      if (left.retentions > 0 && choices.oneIn('mapping', 4)) {
        left.retentions--
        retain()
      }
      if (left.recreations > 0 && choices.oneIn('mapping', 6)) {
        left.recreations--
        recreate()
      }
    },
    append() {
      for (const [partition, log] of logs) log.entries.push(lastRecord(log, partition, scheduler.now))
    },
  }
}
