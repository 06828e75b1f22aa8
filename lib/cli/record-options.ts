import { type Command as Commander, InvalidArgumentError, Option } from 'commander'
import type { MappingConfig } from '../local/esm/index.js'

/** Where recording starts. */
export type From =
  | { readonly at: 'earliest' }
  | { readonly at: 'latest' }
  | { readonly at: 'timestamp'; readonly seconds: number }
  | { readonly at: 'offsets'; readonly offsets: Readonly<Record<number, number>> }

/** What `millrace record` takes. */
export interface RecordCommandOptions {
  readonly function: string
  readonly out: string
  readonly from: From
  readonly count?: number
  readonly follow?: boolean
  readonly redact?: readonly string[]
  readonly brokers?: string
}

/** Says what `millrace record` takes. */
export function withRecordOptions(command: Commander): Commander {
  return command
    .argument('<function>', 'its name, or the logical id of a mapping')
    .requiredOption('--out <dir>', 'folder of the events, a file each')
    .addOption(
      new Option('--from <where>', 'earliest, latest, a time as 2026-01-31T12:00:00Z, or offsets as 0:1000,1:250')
        .default({ at: 'earliest' } satisfies From, 'earliest')
        .argParser(from),
    )
    .addOption(new Option('--count <n>', 'end after so many events').argParser(wholeNumber))
    .option('--follow', 'go on at the end of the topic, until Ctrl-C (always with --from latest)')
    .addOption(
      new Option(
        '--redact <path>',
        'take out what lies there, as value.card.number, key or headers.authorization; may be given several times',
      ).argParser((path, before: readonly string[] = []) => [...before, path]),
    )
    .option('--brokers <list>', 'host:port, joined by commas (default: KAFKA_BROKERS, or 127.0.0.1:9092)')
}

/** The mapping's part of where it starts. */
export function startOf({
  from,
  follow = false,
}: Pick<RecordCommandOptions, 'from' | 'follow'>): Pick<
  MappingConfig,
  'startingPosition' | 'startingPositionTimestamp'
> & { readonly startOffsets?: Readonly<Record<number, number>>; readonly follow: boolean } {
  if (from.at === 'earliest') return { startingPosition: 'TRIM_HORIZON', follow }
  if (from.at === 'latest') return { startingPosition: 'LATEST', follow: true }
  if (from.at === 'timestamp')
    return { startingPosition: 'AT_TIMESTAMP', startingPositionTimestamp: from.seconds, follow }
  // Of partitions that are not named, only what comes from now on.
  return { startingPosition: 'LATEST', startOffsets: from.offsets, follow }
}

/** Reads where to start. @throws InvalidArgumentError */
export function from(text: string): From {
  if (text === 'earliest' || text === 'latest') return { at: text }
  if (/^\d+:\d+(,\d+:\d+)*$/.test(text)) {
    return { at: 'offsets', offsets: Object.fromEntries(text.split(',').map((one) => one.split(':').map(Number))) }
  }
  const ms = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError('give earliest, latest, a time as 2026-01-31T12:00:00Z, or offsets as 0:1000,1:250.')
  }
  return { at: 'timestamp', seconds: ms / 1_000 }
}

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text)
  throw new InvalidArgumentError('give a whole number from 1.')
}
