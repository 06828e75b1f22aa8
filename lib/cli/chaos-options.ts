import type { Command as Commander } from 'commander'
import { number, rate } from './produce-options.js'

/** What `millrace chaos` takes. */
export interface ChaosCommandOptions {
  readonly seed?: number
  readonly faults?: number
  readonly minutes?: number
  /** Kinds of faults, joined by commas. */
  readonly only?: string
  readonly rate: number
  /** Seconds. */
  readonly drain: number
  readonly keys?: number
  readonly value?: string
  readonly file?: string
  /** False with `--no-package`. */
  readonly package: boolean
  /** The functions' own lines too. */
  readonly verbose?: boolean
}

/** Says what `millrace chaos` takes. */
export function withChaosOptions(command: Commander): Commander {
  return command
    .addOption(number('--faults <n>', 'so many faults (default: 20, or no end with --minutes)', 1))
    .addOption(rate('--minutes <n>', 'so long'))
    .option('--only <kinds>', 'only these: kill, delay, redeliver, rebalance, recreate, throttle, timeout, lose')
    .addOption(number('--seed <n>', 'the same seed chooses the same faults (default: a new one)', 0))
    .addOption(rate('--rate <n>', 'records per second and topic').default(100))
    .addOption(rate('--drain <seconds>', 'the time to settle what is left, after the last fault').default(120))
    .addOption(number('--keys <n>', 'different keys (default: 100)', 1))
    .option('--value <json>', 'the value of a record, as of `millrace produce`')
    .option('--file <path>', 'the records, over and over, as of `millrace produce`')
    .option('--no-package', 'run what is packaged already')
    .option('--verbose', 'what functions and mappings log')
}
