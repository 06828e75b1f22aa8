import { type Command as Commander, InvalidArgumentError, Option } from 'commander'

/** What `millrace produce` takes. */
export interface ProduceCommandOptions {
  readonly topic: string
  readonly file?: string
  readonly lines?: boolean
  readonly count?: number
  readonly keys?: number
  readonly size?: number
  readonly bad?: number
  readonly duplicates?: number
  readonly nullKeys?: number
  readonly seed?: number
  readonly value?: string
  readonly rate?: number
  readonly partitions?: number
  readonly brokers?: string
}

/** Says what `millrace produce` takes. */
export function withProduceOptions(command: Commander): Commander {
  return command
    .argument('<topic>', 'where the records go')
    .option('--file <path>', 'send the records of this file, one JSON object per line; - is standard input')
    .option('--lines', 'each line of the file is a value')
    .addOption(number('--count <n>', 'generate so many records; without it and --file, until Ctrl-C', 0))
    .addOption(number('--keys <n>', 'different keys (default: 100)', 1))
    .addOption(number('--size <bytes>', 'size of a value (default: 200)', 0))
    .addOption(fraction('--bad <fraction>', 'values that are no JSON, as 0.01 or 1/100'))
    .addOption(fraction('--duplicates <fraction>', 'records that repeat an earlier one'))
    .addOption(fraction('--null-keys <fraction>', 'records without a key'))
    .addOption(number('--seed <n>', 'the same seed makes the same records (default: a new one)', 0))
    .option('--value <json>', 'the value, with "{id}", "{key}" and "{n}" (a number where it stands alone) in its texts')
    .addOption(rate('--rate <n>', 'records per second at most'))
    .addOption(number('--partitions <n>', 'create the topic with so many partitions if it is not there', 1))
    .option('--brokers <list>', 'host:port, joined by commas (default: KAFKA_BROKERS, or 127.0.0.1:9092)')
    .addHelpText('after', fileHelp)
}

const fileHelp = `
A line of the file, of which all but the value may be left out:
  {"key": "c1", "value": {"orderId": "o1"}, "headers": [["trace", "a1"]], "partition": 2, "timestamp": 1700000000000}
A text is sent as it is, anything else as JSON, and null is a tombstone. For exact bytes: "value_base64" and "key_base64", and
{"base64": "…"} as the value of a header.`

/** An option that takes a whole number. */
export const number = (flags: string, description: string, least: number): Option =>
  new Option(flags, description).argParser((text) => {
    if (/^\d+$/.test(text) && Number(text) >= least && Number.isSafeInteger(Number(text))) return Number(text)
    throw new InvalidArgumentError(`give a whole number from ${least}.`)
  })

/** An option that takes a number above 0. */
export const rate = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text) => {
    if (Number(text) > 0 && Number.isFinite(Number(text))) return Number(text)
    throw new InvalidArgumentError('give a number above 0.')
  })

const fraction = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text) => {
    const [, part = '', whole = '1'] = /^([\d.]+)(?:\/([\d.]+))?$/.exec(text) ?? []
    const value = Number(part) / Number(whole)
    if (part !== '' && value >= 0 && value <= 1) return value
    throw new InvalidArgumentError('give a fraction from 0 to 1, as 0.01 or 1/100.')
  })
