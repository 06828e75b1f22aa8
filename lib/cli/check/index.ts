/**
 * `millrace check`: what the plugin would refuse or warn of, and nothing else.
 *
 * @module
 */
import type { Command as Commander } from 'commander'

/** What `millrace check` takes. */
export interface CheckOptions {
  /** Default: the service's own. */
  readonly stage?: string
}

/** Says what `millrace check` takes. */
export function withCheckOptions(command: Commander): Commander {
  return command
    .option('--stage <name>', 'stage to check (default: what the service says, or dev)')
    .addHelpText('after', '\nExit code 1 says that something was found. docs/checks.md tells of each check.')
}

/** Loaded when it is run. */
export const command = async () => (await import('./check.js')).check
