import { createRequire } from 'node:module'
import { Command as Commander, CommanderError, InvalidArgumentError, Option } from 'commander'
import { command as bundleCommand, withBundleOptions } from './bundle/index.js'
import { withChaosOptions } from './chaos-options.js'
import { command as checkCommand, withCheckOptions } from './check/index.js'
import type { Command } from './command.js'
import { commands, withDiscardOptions, withListOptions, withRedriveOptions, withShowOptions } from './failures/index.js'
import {
  commands as ledgerCommands,
  withAbandonedOptions,
  withShowOptions as withSourceOptions,
} from './ledger/index.js'
import { command as newCommand, withNewOptions } from './new/index.js'
import {
  commands as operations,
  withDrainOptions,
  withPauseOptions,
  withResumeOptions,
  withStatusOptions,
} from './operations/index.js'
import { withProduceOptions } from './produce-options.js'
import { withRecordOptions } from './record-options.js'
import { command as replayCommand, withReplayOptions } from './replay/index.js'
import { listenForStop } from './signals.js'
import { type CommonOptions, type ExitCode, exitCodes, report, usage, voice } from './voice.js'

const { version } = createRequire(import.meta.url)('millrace/package.json') as { version: string }

/** Runs the command line. Resolves to the exit code: 0, 1 when the command failed, 2 when it was used wrongly. */
export async function run(args: readonly string[]): Promise<number> {
  const root = program()
  try {
    await root.parseAsync([...args], { from: 'user' })
    return endedWith(root) ?? exitCodes.ok
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, { debug: args.includes('--debug') })
    // Help and version that were asked for.
    if (error.exitCode === 0) return exitCodes.ok
    return report(usage(explained(error, named(root, args))), {})
  }
}

function program(): Commander {
  const root = new Commander('millrace')
    .description('Serverless functions for Apache Kafka, on this machine.')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
  withNewOptions(define(root, 'new', 'make a new service, in a folder of its name', newCommand))
  define(root, 'broker', 'start a Kafka broker', async () => (await import('./broker.js')).broker)
    .addOption(port('--port', 'port to listen on, 0 for any free one', 9092))
    .option('--data <dir>', 'keep topics, records and offsets in this directory (default: in memory)')
  define(
    root,
    'dynamodb',
    'start a DynamoDB store, in memory',
    async () => (await import('./dynamodb.js')).dynamodb,
  ).addOption(port('--port', 'port to listen on, 0 for any free one', 8000))
  define(root, 'dev', 'run the service in this folder', async () => (await import('./dev.js')).dev)
    .addOption(port('--broker-port', 'port of the Kafka broker', 9092))
    .addOption(port('--dynamodb-port', 'port of the DynamoDB store', 8000))
    .option('--no-package', 'run what is packaged already')
    .addOption(
      new Option('--inspect [port]', "debug the functions: port of the first one's inspector, 0 for any free ones")
        .preset('9229')
        .argParser(portNumber),
    )
    .addHelpText(
      'after',
      '\nKAFKA_BROKERS and AWS_ENDPOINT_URL_DYNAMODB name a Kafka and a DynamoDB to use in place of the embedded ones.',
    )
  withCheckOptions(define(root, 'check', 'look for what is not safe in the service in this folder', checkCommand))
  withProduceOptions(
    define(root, 'produce', 'send records to a topic', async () => (await import('./produce.js')).produce),
  )
  withRecordOptions(
    define(root, 'record', 'save what a mapping delivers', async () => (await import('./record.js')).record),
  )
  withChaosOptions(
    define(
      root,
      'chaos',
      'run the service in this folder under load and faults',
      async () => (await import('./chaos.js')).chaos,
    ),
  )
  withBundleOptions(define(root, 'bundle', 'show what each function weighs, and what it is made of', bundleCommand))
  const failures = root.command('failures').description('what was given up on: list it, show, redrive or discard it')
  withListOptions(define(failures, 'list', 'list what was given up on', commands.list))
  withShowOptions(define(failures, 'show', 'show all that is known of one record', commands.show))
  withRedriveOptions(define(failures, 'redrive', 'produce records again', commands.redrive))
  withDiscardOptions(define(failures, 'discard', 'delete what is needed no more', commands.discard))
  withReplayOptions(define(root, 'replay', 'have records again, in a function or a new group', replayCommand))
  const ledger = root.command('ledger').description('what is settled, and what is not')
  withSourceOptions(define(ledger, 'show', 'show what each source partition knows', ledgerCommands.show))
  withAbandonedOptions(define(ledger, 'abandoned', 'list what Lambda went on without', ledgerCommands.abandoned))
  withStatusOptions(define(root, 'status', 'what each mapping does, and what to see to', operations.status))
  withPauseOptions(define(root, 'pause', 'have mappings read no more', operations.pause))
  withResumeOptions(define(root, 'resume', 'have mappings read again', operations.resume))
  withDrainOptions(define(root, 'drain', 'settle what the topics have, then pause', operations.drain))
  return root
}

/** A command is loaded when it is run, so that the others do not wait for it. */
function define<Options extends object>(
  root: Commander,
  name: string,
  description: string,
  load: () => Promise<Command<Options>>,
): Commander {
  return root
    .command(name)
    .description(description)
    .option('--json', 'one JSON object per line')
    .option('--debug', 'show where an error comes from')
    .action(async (...given: unknown[]) => {
      // Arguments first, each under its name among the options.
      const command = given.at(-1) as Commander
      const named = command.registeredArguments.map((argument, i) => [argument.name(), given[i]])
      const options: Options & CommonOptions = { ...command.opts(), ...Object.fromEntries(named) }
      const stopping = listenForStop()
      try {
        const code = await (await load())(options, { voice: voice(options), stopping })
        if (code !== undefined) end(root, code)
      } finally {
        stopping.release()
      }
    })
}

function port(flag: string, description: string, byDefault: number): Option {
  return new Option(`${flag} <port>`, description).default(byDefault).argParser(portNumber)
}

function portNumber(text: string): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number <= 65_535) return number
  throw new InvalidArgumentError('give a whole number from 0 to 65535.')
}

/** The exit code of a command, kept at the root of all. */
function end(command: Commander, code: ExitCode): void {
  if (command.parent) end(command.parent, code)
  else command.setOptionValue('exitCode', code)
}

const endedWith = (root: Commander): ExitCode | undefined => root.getOptionValue('exitCode')

/** The words that name a command, as far as there is one. */
function named(root: Commander, args: readonly string[]): string {
  const [name, ...rest] = args
  const command = root.commands.find((one) => one.name() === name)
  return command ? `${command.name()} ${named(command, rest)}` : ''
}

function explained({ code, message }: CommanderError, command: string): string {
  if (code === 'commander.help') return `give a command; \`millrace ${command}--help\` lists them`
  return `${message.replace(/^error: /, '')}; see \`millrace ${command}--help\``
}
