import { randomUUID } from 'node:crypto'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { asError, MillraceError } from '../errors.js'
import type { KafkaEvent } from '../event/index.js'
import { type MappingConfig, type MappingOptions, startMapping } from '../local/esm/index.js'
import { storeEnvironment } from '../local/store/index.js'
import { readService } from '../local/template/index.js'
import { redactor } from '../testing/events/index.js'
import { brokersOf } from './brokers.js'
import type { Command } from './command.js'
import { counted } from './counted.js'
import { forget, mappingOf, onlyReading, reach } from './reading.js'
import { type RecordCommandOptions, startOf } from './record-options.js'

/**
 * `millrace record <function>`: what its mapping delivers, as events in files. It reads as a group of its own, that is deleted in
 * the end: nobody's offsets change.
 */
export const record: Command<RecordCommandOptions> = async (options, { voice, stopping }) => {
  const { redact, redactions } = redactor(options.redact ?? [])
  const { count = Number.POSITIVE_INFINITY, out } = options
  const mapping = mappingOf(readService('.', storeEnvironment('').AWS_REGION ?? ''), options.function)
  const { startOffsets, follow, ...position } = startOf(options)
  await makeFolder(out)
  const files: string[] = []
  const write = async (event: KafkaEvent): Promise<void> => {
    const file = join(out, `${nameOf(event)}.json`)
    await keep(file, redact(event))
    files.push(file)
    voice.say('recorded', file, { file, records: Object.values(event.records).flat().length })
  }
  const brokers = brokersOf(options)
  await reach(brokers)
  const config = { ...onlyReading(mapping), ...position, group: `millrace-record-${randomUUID()}` }
  try {
    const log = (line: string) => voice.say('log', line, { line })
    await run(
      config,
      { brokers, log, ...(startOffsets && { startOffsets }) },
      { write, count, follow, asked: stopping.asked },
    )
  } finally {
    await forget(brokers, config.group, voice)
  }
  const told = Object.entries(redactions.replaced).map(([path, times]) => `${path} ${times} times`)
  const whole = redactions.whole > 0 ? `; ${redactions.whole} keys or values were no JSON, and were replaced whole` : ''
  const without = told.length > 0 ? `\nredacted: ${told.join(', ')}${whole}` : ''
  voice.say('done', `${counted(files.length, 'event')} in ${out}${without}`, {
    events: files.length,
    out,
    ...redactions,
  })
}

async function makeFolder(out: string): Promise<void> {
  try {
    await makeSteps(resolve(out))
  } catch (cause) {
    const why = asError(cause).message
    throw new MillraceError('ML_FIXTURE_INVALID', `--out ${out} is no folder for events: ${why}; give another`, {
      cause,
    })
  }
}

/** Step by step: Node's recursive mkdir never ends where a folder that is there takes none, as those of /proc. */
async function makeSteps(folder: string): Promise<void> {
  const made = await mkdir(folder).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  )
  if (made === undefined) return
  if (made.code === 'EEXIST' && (await stat(folder)).isDirectory()) return
  if (made.code !== 'ENOENT' || dirname(folder) === folder) throw made
  await makeSteps(dirname(folder))
  await mkdir(folder)
}

interface Recording {
  readonly write: (event: KafkaEvent) => Promise<void>
  /** How many events. */
  readonly count: number
  /** Goes on at the end of the topic. */
  readonly follow: boolean
  /** Resolves when it is to end. */
  readonly asked: Promise<void>
}

/** Runs the mapping with a function that writes down its event. */
async function run(
  config: MappingConfig,
  options: Omit<MappingOptions, 'invoke'>,
  { write, count, follow, asked }: Recording,
): Promise<void> {
  let left = count
  let end = (): void => undefined
  let fail = (_: unknown): void => undefined
  const ended = new Promise<void>((resolve, reject) => {
    end = resolve
    fail = reject
  })
  const mapping = await startMapping(config, {
    ...options,
    invoke: async (event) => {
      // What was delivered between the end and the stop is left alone.
      if (left === 0) throw new Error('enough was recorded')
      try {
        await write(event)
      } catch (error) {
        left = 0
        fail(error)
        throw error
      }
      if (--left === 0) end()
      const payload = { batchItemFailures: [] }
      return { kind: 'ok', payload, requestId: randomUUID(), durationMs: 0, pid: process.pid, coldStart: false }
    },
  })
  try {
    await Promise.race([ended, asked, ...(follow ? [] : [mapping.idle()])])
  } finally {
    await mapping.stop()
  }
}

/** By where its first record lies: the same event has the same name. */
function nameOf({ records }: KafkaEvent): string {
  const [[identifier, [first]] = ['empty', []]] = Object.entries(records)
  return `${identifier}-${first?.offset ?? 0}`
}

async function keep(file: string, event: KafkaEvent): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(event, undefined, 2)}\n`, { flag: 'wx' })
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'EEXIST' ? 'it is there already' : asError(cause).message
    throw new MillraceError(
      'ML_FIXTURE_INVALID',
      `${file} is not written: ${why}; remove it, or record to another --out`,
      {
        cause,
      },
    )
  }
}
