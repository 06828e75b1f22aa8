import { randomInt } from 'node:crypto'
import {
  type LoadRecord,
  type LoadValue,
  loadRecords,
  type OutgoingRecord,
  type Produced,
  produce as send,
} from '../testing/load/index.js'
import { brokersOf } from './brokers.js'
import type { Command } from './command.js'
import { counted as said } from './counted.js'
import { recordsOfLines } from './produce-lines.js'
import type { ProduceCommandOptions } from './produce-options.js'
import { usage } from './voice.js'

type Kinds = Record<LoadRecord['kind'], number>

/** What is sent, and what is to be said of it. */
interface Load {
  readonly records: Iterable<OutgoingRecord> | AsyncIterable<OutgoingRecord>
  readonly seed?: number
  /** Counts as the records are taken. */
  readonly kinds?: Kinds
}

/** `millrace produce <topic>`: sends the records of a file, or generated ones, and says where they are. */
export const produce: Command<ProduceCommandOptions> = async (options, { voice, stopping }) => {
  const { topic, partitions, rate } = options
  const load =
    options.file === undefined ? generated(options) : { records: ofFile(options, options.file, stopping.signal) }
  const { seed, kinds } = load
  if (seed !== undefined) voice.say('producing', `producing to ${topic}, seed ${seed}`, { topic, seed })
  const produced = await send(load.records, {
    brokers: brokersOf(options),
    topic,
    signal: stopping.signal,
    ...(partitions !== undefined && { partitions }),
    ...(rate !== undefined && { ratePerSecond: rate }),
  })
  const interrupted = stopping.signal.aborted
  voice.say('produced', text(produced, interrupted, kinds), { ...produced, interrupted, seed, kinds })
}

const generatorOptions = ['count', 'keys', 'size', 'bad', 'duplicates', 'nullKeys', 'seed', 'value'] as const

function ofFile(options: ProduceCommandOptions, file: string, signal: AbortSignal): AsyncIterable<OutgoingRecord> {
  const other = generatorOptions.find((name) => options[name] !== undefined)
  if (other !== undefined)
    throw usage(`--${other === 'nullKeys' ? 'null-keys' : other} is for generated records, not for --file`)
  return recordsOfLines({ file, plain: options.lines ?? false, signal })
}

function generated(options: ProduceCommandOptions): Load {
  const { count = Number.POSITIVE_INFINITY, keys, size, bad, duplicates, nullKeys, value } = options
  if (options.lines) throw usage('--lines is for the lines of a --file')
  const seed = options.seed ?? randomInt(1, 2 ** 31)
  const kinds: Kinds = { good: 0, bad: 0, duplicate: 0 }
  const records = loadRecords({
    seed,
    ...(keys !== undefined && { keys }),
    ...(size !== undefined && { sizeBytes: size }),
    ...(bad !== undefined && { bad }),
    ...(duplicates !== undefined && { duplicates }),
    ...(nullKeys !== undefined && { nullKeys }),
    ...(value !== undefined && { value: template(value) }),
  })
  return { records: counted(records, count, kinds), seed, kinds }
}

function* counted(records: Iterable<LoadRecord>, count: number, kinds: Kinds): Generator<OutgoingRecord> {
  let taken = 0
  if (count === 0) return
  for (const record of records) {
    kinds[record.kind]++
    yield record
    if (++taken === count) return
  }
}

/** A value with places for what differs from record to record. @throws MillraceError `ML_USAGE` where it is no JSON */
export function template(text: string): (about: LoadValue) => unknown {
  const parsed = parse(text)
  const fill = (node: unknown, about: LoadValue): unknown => {
    if (node === '{n}') return about.n
    if (typeof node === 'string')
      return node.replace(/\{(id|key|n)\}/g, (_, name: keyof LoadValue) => String(about[name]))
    if (Array.isArray(node)) return node.map((one) => fill(one, about))
    if (typeof node !== 'object' || node === null) return node
    return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, fill(value, about)]))
  }
  return (about) => fill(parsed, about)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw usage(`--value ${text} is no JSON; a text is "in quotes"`)
  }
}

function text({ topic, records, partitions, durationMs }: Produced, interrupted: boolean, kinds?: Kinds): string {
  const special = kinds && kinds.bad + kinds.duplicate > 0 ? ` (${kinds.bad} bad, ${kinds.duplicate} duplicates)` : ''
  const what = `${interrupted ? 'stopped: ' : ''}${said(records, 'record')}${special} to ${topic} in ${(durationMs / 1_000).toFixed(1)} s`
  return [
    what,
    ...partitions.map(
      (one) => `  partition ${one.partition}: ${said(one.records, 'record')}, offsets ${one.first} to ${one.last}`,
    ),
  ].join('\n')
}
