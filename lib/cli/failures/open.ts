import { systemClock } from '../../clock.js'
import { MillraceError } from '../../errors.js'
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
  const target = await findTarget(options).catch((error: unknown) => {
    throw hinted(error, options)
  })
  try {
    const table = openFailures(target.client, target.failuresTable, systemClock)
    return await work({ table, target, place: target.place })
  } finally {
    target.close()
  }
}

/** At which a record fails. */
export const failureStages: readonly string[] = ['decode', 'validate', 'process', 'sink']

/** `--stage` is that of a deployment; it is easily taken for that of a failure. */
function hinted(error: unknown, { stage = '' }: TargetOptions): unknown {
  if (!(error instanceof MillraceError) || !failureStages.includes(stage)) return error
  const message = error.message.slice(`${error.code}: `.length)
  const hint = `--stage ${stage} is a stage of deployment; for the stage at which a record failed, give --failed-at ${stage}`
  return new MillraceError(error.code, `${message}; ${hint}`, { cause: error })
}
