import type { PartitionLog } from '../log/partition.js'

/** Which records a reader sees: all of them, or only those of transactions that were committed. */
export const isolation = { readUncommitted: 0, readCommitted: 1 } as const

/** The offset up to which a reader gets. */
export function endFor(log: PartitionLog, isolationLevel: number): number {
  return isolationLevel === isolation.readCommitted ? log.stableOffset : log.endOffset
}
