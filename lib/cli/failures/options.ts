import { type Command as Commander, Option } from 'commander'
import { type SecurityOptions, withSecurityOptions } from '../kafka-security.js'
import { number, rate } from '../produce-options.js'
import { type TargetOptions, withTargetOptions } from '../target/index.js'
import type { FilterOptions } from './filter.js'

/** What all of `millrace failures` take. */
export interface FailuresOptions extends TargetOptions, FilterOptions {}

/** What `show` takes. */
export interface ShowOptions extends TargetOptions {
  readonly id: string
  readonly group?: string
  readonly values?: boolean
}

/** What `redrive` and `discard` take. */
export interface ChangeOptions extends FailuresOptions {
  readonly ids: readonly string[]
  readonly dryRun?: boolean
  readonly yes?: boolean
}

/** What `redrive` takes. */
export interface RedriveOptions extends ChangeOptions, SecurityOptions {
  readonly to?: string
  /** The consumer group that is to have them. */
  readonly for?: string
  /** Records per second. */
  readonly rate?: number
}

const withFilters = (command: Commander): Commander =>
  command
    .option('--since <time>', 'failed last since then: 2h, 30m or 7d ago, or 2026-01-31T12:00:00Z')
    .option('--until <time>', 'failed last until then')
    .option('--function <name>', 'given up by this function')
    .option('--group <id>', 'given up by this consumer group')
    .addOption(
      new Option('--failed-at <stage>', 'failed at this stage').choices(['decode', 'validate', 'process', 'sink']),
    )
    .option('--rule <name>', 'given up by this rule, for example exhausted')
    .option('--error <class>', 'with an error of this class or code, for example TypeError or ML_DECODE_JSON')
    .option('--topic <name>', 'of this topic')
    .addOption(number('--partition <n>', 'of this partition', 0))
    .option('--offset <n>', 'with this offset, or 10-20, or 10-')

/** Says what `millrace failures list` takes. */
export const withListOptions = (command: Commander): Commander =>
  withTargetOptions(withFilters(command)).addHelpText(
    'after',
    '\nEnds with 0 where there is none, 1 where there are some, 2 when used wrongly.',
  )

/** Says what `millrace failures show` takes. */
export const withShowOptions = (command: Commander): Commander =>
  withTargetOptions(
    command
      .argument('<id>', 'topic:partition:offset')
      .option('--group <id>', 'given up by this consumer group')
      .option('--values', 'key, value and headers too: as text, or in hexadecimal digits where they are none'),
  ).addHelpText(
    'after',
    '\nEnds with 0, 1 where there is none or it was changed after it was written, 2 when used wrongly.',
  )

const withChangeOptions = (command: Commander, dryRun: string): Commander =>
  withTargetOptions(
    withFilters(command.argument('[ids...]', 'topic:partition:offset each').option('--dry-run', dryRun)),
  )

/** Says what `millrace failures redrive` takes. */
export const withRedriveOptions = (command: Commander): Commander =>
  withChangeOptions(
    withSecurityOptions(command)
      .option('--to <topic>', 'to this topic (default: to where each came from)')
      .option('--for <group>', 'for this consumer group (default: the one that gave them up; every other drops them)')
      .addOption(rate('--rate <n>', 'records per second at most'))
      .option('--yes', 'do not ask before all of them are redriven'),
    'say what would be redriven, and change nothing',
  ).addHelpText('after', redriveHelp)

const redriveHelp = `
A record goes with its exact key, value and headers, and with x-original-topic, -partition, -offset, -timestamp and -group; its
envelope is deleted once Kafka has acknowledged it. Run again after an interruption, it goes on with what is left.
Ends with 0, 1 where envelopes were refused or are left, 2 when used wrongly.`

/** Says what `millrace failures discard` takes. */
export const withDiscardOptions = (command: Commander): Commander =>
  withChangeOptions(command.option('--yes', 'do not ask'), 'say what would be deleted, and delete nothing').addHelpText(
    'after',
    '\nWhat was written anew since it was listed stays. Ends with 0, 1 where envelopes were left, 2 when used wrongly.',
  )
