import { MillraceError } from '../errors.js'
import type { Batch } from './read.js'
import type { BatchItemFailure, BatchResponse } from './wire.js'

/** The offsets of one source partition that Lambda shall deliver again. */
export interface Unsettled {
  /** The partition's key in `event.records`. */
  readonly identifier: string
  readonly offsets: readonly number[]
}

/**
 * The batch response that names exactly these records.
 *
 * Lambda takes an id that was not in the event for a failure of the whole batch (KAFKA-ESM §3), so such an answer is never
 * made (rule 6).
 *
 * @throws MillraceError `ML_ANSWER_INVALID`
 */
export function batchResponse(batch: Batch, unsettled: readonly Unsettled[]): BatchResponse {
  const batchItemFailures: BatchItemFailure[] = []
  for (const { identifier, offsets } of unsettled) {
    if (offsets.length === 0) continue
    const known = new Set(
      batch.partitions.find((p) => p.identifier === identifier)?.records.map(({ offset }) => offset),
    )
    for (const offset of offsets) {
      if (!known.has(offset)) {
        throw new MillraceError(
          'ML_ANSWER_INVALID',
          `the answer would name ${identifier} offset ${offset}, which was not in the event; this is a defect of millrace, please report it`,
        )
      }
      batchItemFailures.push({ itemIdentifier: { partition: identifier, offset } })
    }
  }
  return { batchItemFailures }
}
