import type { MappingConfig } from './config.js'

/** When things happened to the last batch and to the next one, in epoch milliseconds. */
export interface WindowTimes {
  /** The last batch was complete, and sent. */
  readonly completeAt: number
  /** Its invocation was over. */
  readonly invokedAt: number
  /** The oldest record at hand came. */
  readonly arrivedAt: number
}

/**
 * How many milliseconds a batch still waits for more records. Its window starts with its first record, but not before the last
 * batch was complete in provisioned mode, and not before its invocation was over on demand (KAFKA-ESM §2).
 */
export function windowLeftMs(
  { provisioned, batchingWindowMs }: Pick<MappingConfig, 'provisioned' | 'batchingWindowMs'>,
  { completeAt, invokedAt, arrivedAt }: WindowTimes,
  now: number,
): number {
  return Math.max(0, Math.max(provisioned ? completeAt : invokedAt, arrivedAt) + batchingWindowMs - now)
}
