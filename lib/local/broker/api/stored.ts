import { MillraceError } from '../../../errors.js'
import { type Code, code } from '../wire/codes.js'
import type { Context } from './api.js'

/**
 * Runs what reads or writes the files of the broker. Where they cannot be used the log is told why, and the client is
 * answered with `refused`, so that it tries again: KAFKA_STORAGE_ERROR, or as in Kafka NOT_COORDINATOR by a coordinator.
 */
export function stored<T>(
  work: () => T,
  { log }: Pick<Context, 'log'>,
  refused: Code = code.kafkaStorageError,
): T | Code {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    log(`broker: answered with code ${refused}: ${error.message}`)
    return refused
  }
}

/** The same for what a coordinator of groups or transactions keeps. */
export function coordinated<T>(work: () => T, context: Pick<Context, 'log'>): T | Code {
  return stored(work, context, code.notCoordinator)
}
