import type { Stopping } from './signals.js'
import type { CommonOptions, ExitCode, Voice } from './voice.js'

/** What every command works with. */
export interface Surroundings {
  readonly voice: Voice
  readonly stopping: Stopping
}

/** A command: it resolves when it has done what it is for, to its exit code where that is not always 0, and throws when it could not. */
export type Command<Options extends object> = (
  options: Options & CommonOptions,
  surroundings: Surroundings,
) => Promise<void> | Promise<ExitCode>
