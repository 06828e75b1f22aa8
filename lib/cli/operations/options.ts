import { type Command as Commander, Option } from 'commander'
import { type SecurityOptions, withSecurityOptions } from '../kafka-security.js'
import { number } from '../produce-options.js'
import { type StackOptions, withStackOptions } from '../target/index.js'

/** Which mappings of which stack. */
export interface MappingsOptions extends StackOptions {
  /** Functions, as in serverless.yml or as deployed, `function/topic`, or topics; none for all. */
  readonly names?: readonly string[]
}

/** What `millrace status` takes. */
export interface StatusOptions extends MappingsOptions, SecurityOptions {}

/** What `millrace resume` takes. */
export interface ResumeOptions extends MappingsOptions {
  /** Seconds. */
  readonly timeout?: number
}

/** What `millrace pause` takes. */
export interface PauseOptions extends ResumeOptions {
  readonly drain?: boolean
}

/** What `millrace drain` takes. */
export interface DrainOptions extends ResumeOptions, SecurityOptions {}

const withMappings = (command: Commander): Commander =>
  withStackOptions(
    command.argument(
      '[names...]',
      'functions, function/topic, or topics that no function is named like (default: all mappings)',
    ),
  )

const withTimeout = (command: Commander, byDefault: string): Commander =>
  command.addOption(number('--timeout <seconds>', `wait so long at most (default: ${byDefault})`, 1))

/** Says what `millrace status` takes. */
export const withStatusOptions = (command: Commander): Commander =>
  withSecurityOptions(withMappings(command)).addHelpText(
    'after',
    `
Reads only. Ends with 0; with 1 where a mapping does not read though nobody has disabled it, its last result is a problem, an alarm
is on, an invocation died and nobody took over, failures wait, or what is to be told cannot be read; with 2 when used wrongly.`,
  )

/** Says what `millrace pause` takes. */
export const withPauseOptions = (command: Commander): Commander =>
  withTimeout(
    withMappings(command).addOption(new Option('--drain', 'wait until nothing is in flight any more')),
    '300, and with --drain 1200',
  ).addHelpText(
    'after',
    '\nWhat is paused stays so until `millrace resume`, or a deployment that enables it. Ends with 0, 1 where it is not so in time, 2 when used wrongly.',
  )

/** Says what `millrace resume` takes. */
export const withResumeOptions = (command: Commander): Commander =>
  withTimeout(withMappings(command), '300').addHelpText(
    'after',
    '\nReading goes on behind the committed offsets. Ends with 0, 1 where it does not in time, 2 when used wrongly.',
  )

/** Says what `millrace drain` takes. */
export const withDrainOptions = (command: Commander): Commander =>
  withTimeout(withSecurityOptions(withMappings(command)), '1200').addHelpText(
    'after',
    '\nWhat is written meanwhile may be left. Ends with 0, 1 where records are left when the time is over, 2 when used wrongly.',
  )

/** Defaults, in seconds. A function may take 14 minutes, and its lease some more. */
export const timeouts = { turn: 300, drain: 1_200 } as const
