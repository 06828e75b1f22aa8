import type { Command as Commander } from 'commander'
import { number } from '../produce-options.js'
import { type TargetOptions, withTargetOptions } from '../target/index.js'

/** Which source partitions are meant. */
export interface SourceOptions extends TargetOptions {
  /** As in serverless.yml, or as deployed. */
  readonly function?: string
  readonly group?: string
  readonly topic?: string
  readonly partition?: number
}

const withSources = (command: Commander): Commander =>
  withTargetOptions(
    command
      .option('--function <name>', 'of this function')
      .option('--group <id>', 'of this consumer group')
      .option('--topic <name>', 'of this topic')
      .addOption(number('--partition <n>', 'of this partition', 0)),
  )

/** Says what `millrace ledger show` takes. */
export const withShowOptions = (command: Commander): Commander =>
  withSources(command).addHelpText(
    'after',
    '\nReads only. Ends with 0, 1 where records wait to be delivered again, 2 when used wrongly.',
  )

/** Says what `millrace ledger abandoned` takes. */
export const withAbandonedOptions = (command: Commander): Commander =>
  withSources(command).addHelpText(
    'after',
    '\nReads only. Ends with 0, 1 where some are not settled since, 2 when used wrongly.',
  )
