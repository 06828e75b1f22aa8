import type { RawRecord } from '../event/index.js'

/** What must stay in order: all records of a partition, those of one key, or nothing. */
export type Order = 'partition' | 'key' | 'none'

/** Records that must run one after another. Never of two source partitions. */
export type Lane = readonly RawRecord[]

/** What names a record's lane within its source partition. Records without a key share a lane. */
export type LaneId = string | number | null

export function laneOf(record: RawRecord, order: Order): LaneId {
  if (order === 'partition') return null
  return order === 'key' ? record.keyId : record.offset
}

/** The lanes of one source partition, by first offset. */
export function lanesOf(records: readonly RawRecord[], order: Order): readonly Lane[] {
  if (order === 'partition') return records.length === 0 ? [] : [records]
  const lanes = new Map<LaneId, RawRecord[]>()
  for (const record of records) {
    const id = laneOf(record, order)
    const lane = lanes.get(id)
    if (lane === undefined) lanes.set(id, [record])
    else lane.push(record)
  }
  return [...lanes.values()]
}

/** A lane that has to wait: resolves with what is left of it once that may run, or with nothing. Never rejects. */
export interface Paused<L> {
  readonly rest: Promise<L | undefined>
}

/** Runs lanes side by side, at most so many at once. One that pauses lets another run meanwhile. */
export async function runLanes<L>(
  lanes: readonly L[],
  concurrency: number,
  runLane: (lane: L) => Promise<Paused<L> | undefined>,
): Promise<void> {
  const ready = [...lanes]
  let [next, workers] = [0, 0]
  const worker = async (): Promise<void> => {
    workers++
    const resumed: Promise<void>[] = []
    while (next < ready.length) {
      const lane = ready[next++]
      const paused = lane && (await runLane(lane))
      if (paused !== undefined) resumed.push(paused.rest.then(resume))
    }
    workers--
    await Promise.all(resumed)
  }
  const resume = (lane: L | undefined): Promise<void> | undefined => {
    if (lane === undefined) return undefined
    ready.push(lane)
    // Where all are at work, one of them will come to it.
    return workers < concurrency ? worker() : undefined
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, lanes.length) }, worker))
}

/** One lane of each source partition in turn, so that a slow partition does not delay the others (E-06). */
export function interleave<L>(partitions: readonly (readonly L[])[]): L[] {
  const longest = partitions.reduce((most, { length }) => Math.max(most, length), 0)
  return Array.from({ length: longest }, (_, i) => partitions.flatMap((lanes) => lanes.slice(i, i + 1))).flat()
}
