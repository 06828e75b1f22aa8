import { systemClock } from '../../clock.js'
import { findTarget, type Target, type TargetOptions } from '../target/index.js'
import { type FailuresTable, openFailures } from './table.js'

/** The failures table of the stack that is meant. */
export interface Failures {
  readonly table: FailuresTable
  readonly target: Target
  /** Of the stack, for people. */
  readonly place: string
}

/** Opens it for as long as the work takes. @throws MillraceError as `findTarget` */
export async function withFailures<T>(options: TargetOptions, work: (failures: Failures) => Promise<T>): Promise<T> {
  const target = await findTarget(options)
  try {
    const table = openFailures(target.client, target.failuresTable, systemClock)
    return await work({ table, target, place: target.place })
  } finally {
    target.close()
  }
}
