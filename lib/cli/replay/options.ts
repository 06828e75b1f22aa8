import { type Command as Commander, InvalidArgumentError, Option } from 'commander'
import { type SecurityOptions, withSecurityOptions } from '../kafka-security.js'
import { rate } from '../produce-options.js'
import { type From, from } from '../record-options.js'
import { type TargetOptions, withTargetOptions } from '../target/index.js'

/** What `millrace replay` takes. */
export interface ReplayOptions extends TargetOptions, SecurityOptions {
  readonly topic: string
  readonly from: From
  readonly to?: From
  readonly partitions?: readonly number[]
  readonly function?: string
  readonly group?: string
  readonly reset?: boolean
  /** Records per second. */
  readonly rate?: number
  readonly dryRun?: boolean
  /** False with `--no-package`. */
  readonly package: boolean
}

/** Says what `millrace replay` takes. */
export function withReplayOptions(command: Commander): Commander {
  const secured = withSecurityOptions(
    command
      .argument('<topic>', 'the topic; it is only read')
      .addOption(
        new Option('--from <where>', 'earliest, a time as 2026-01-31T12:00:00Z, or offsets as 0:1000,1:250')
          .makeOptionMandatory()
          .argParser(from),
      )
      .addOption(
        new Option('--to <where>', 'before a time, or to offsets, included (default: what there is now)').argParser(
          from,
        ),
      )
      .addOption(new Option('--partitions <list>', 'only these, as 0,3').argParser(partitions))
      .option('--function <name>', 'into this function, on this machine, under a group of its own')
      .option('--group <id>', 'let this consumer group, that is new, start there')
      .option('--reset', 'also where the group has offsets of the topic already')
      .addOption(rate('--rate <n>', 'records per second at most'))
      .option('--dry-run', 'say what would be replayed, and change nothing')
      .option('--no-package', 'run what is packaged already'),
  )
  return withTargetOptions(secured).addHelpText('after', help)
}

const help = `
What Kafka keeps no more is an error (ML_OFFSET_OUT_OF_RANGE), never skipped: --from earliest takes what there is.
A function has its records again under a group of its own for each replay: as its own group it would skip what is settled. A
deployed one reads as the group of its mapping: declare the handler a second time, as a function whose kafka event has another
consumerGroupId; give that as --group; then deploy.
Ends with 0, 1 where it was stopped or failed, 2 when used wrongly.`

function partitions(text: string): number[] {
  if (/^\d+(,\d+)*$/.test(text)) return text.split(',').map(Number)
  throw new InvalidArgumentError('give partitions as 0,3.')
}
