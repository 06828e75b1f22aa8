import type { RawRecord } from '../event/index.js'

/** What must stay in order: all records of a partition, or those of one key. */
export type Order = 'partition' | 'key'

/** Records that must run one after another. Never of two source partitions. */
export type Lane = readonly RawRecord[]

/** The lanes of one source partition, by first offset. Records without a key share a lane. */
export function lanesOf(records: readonly RawRecord[], order: Order): readonly Lane[] {
  if (order === 'partition') return records.length === 0 ? [] : [records]
  const lanes = new Map<string | null, RawRecord[]>()
  for (const record of records) {
    const lane = lanes.get(record.keyId)
    if (lane === undefined) lanes.set(record.keyId, [record])
    else lane.push(record)
  }
  return [...lanes.values()]
}

/**
 * Runs lanes side by side, at most `concurrency` records at once, each lane in its order.
 * `run` answers whether its lane goes on; a lane that does not, and a lane that may not start, leaves the rest of its records.
 */
export async function runLanes(
  lanes: readonly Lane[],
  concurrency: number,
  run: (record: RawRecord) => Promise<boolean>,
  mayStart: () => boolean,
): Promise<void> {
  let next = 0
  const worker = async () => {
    for (let lane = lanes[next++]; lane !== undefined; lane = lanes[next++]) {
      for (const record of lane) {
        if (!mayStart()) return
        if (!(await run(record))) break
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, lanes.length) }, worker))
}
