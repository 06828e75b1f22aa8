import { isUtf8 } from 'node:buffer'
import { systemClock } from '../../clock.js'
import { asError, MillraceError } from '../../errors.js'
import { type Envelope, hasBytes, jsonOf } from '../../sink/envelope/index.js'
import { columns, controls, harmless } from '../columns.js'
import type { Command } from '../command.js'
import { counted } from '../counted.js'
import { exitCodes } from '../voice.js'
import { filterOf } from './filter.js'
import { withFailures } from './open.js'
import type { ShowOptions } from './options.js'
import { checkGroups, matching, noEnvelope } from './select.js'
import type { Listed } from './table.js'
import { timeText } from './time.js'

/** `millrace failures show <id>`: all that is known of a record; of its bytes only how many, unless they are asked for. */
export const show: Command<ShowOptions> = (options, { voice, stopping: { signal } }) =>
  withFailures(options, async ({ table }) => {
    const { id, group, values = false } = options
    const filter = filterOf(group === undefined ? {} : { group }, [id], systemClock.now())
    let [shown, wrong] = [0, 0]
    const found: Listed[] = []
    for await (const listed of matching(table, filter, signal)) found.push(listed)
    checkGroups(id, found)
    for (const { key, about } of found) {
      const head = await table.head(key)
      if (head === undefined) continue
      shown++
      try {
        const envelope = await table.envelope(head)
        voice.say('failure', text(envelope, values), factsOf(envelope, values))
      } catch (error) {
        // What it says of itself may be read even so.
        if (about) voice.say('failure', text(about, values, withheldFor(error)), about)
        const { message } = asError(error)
        voice.say('refused', message, { id, error: message })
        wrong++
      }
    }
    if (signal.aborted) return exitCodes.failed
    if (shown === 0) throw noEnvelope(id, table)
    return wrong > 0 ? exitCodes.failed : exitCodes.ok
  })

function factsOf(envelope: Envelope, values: boolean): object {
  if (values || !hasBytes(envelope)) return jsonOf(envelope)
  const { key, value, headers, ...about } = envelope
  return { ...about, keyBytes: key?.length ?? null, valueBytes: value?.length ?? null, headers: headers.length }
}

const withheldFor = (error: unknown): string =>
  error instanceof MillraceError && error.code === 'ML_ENVELOPE_HASH'
    ? 'withheld: changed after it was written'
    : 'withheld: they cannot be read'

/** @param withheld why its bytes are not shown, where it has some */
function text(envelope: Envelope, values: boolean, withheld?: string): string {
  const { topic: _, partition: __, offset: ___, format: ____, range: _____, ...about } = envelope
  const line = columns(13)
  const { error } = about
  const rows: [string, string][] = [
    ['id', about.id],
    ['function', `${about.function}, version ${about.version}, group ${about.group}`],
    ['produced', `${timeText(about.timestamp)}${about.timestampType ? ` (${about.timestampType})` : ''}`],
    ['given up', `${about.rule}, at stage ${about.stage}${runsOf(about)}`],
    ['first failed', timeText(about.firstSeen)],
    ['last failed', timeText(about.lastSeen)],
    ['reason', about.reason],
    ...(error ? ([['error', error.stack || `${error.name}: ${error.message}`]] as [string, string][]) : []),
    ...(withheld === undefined ? bytesOf(envelope, values) : [['bytes', withheld] as [string, string]]),
  ]
  return rows.map(([name, value]) => line([name, indented(harmless(value))])).join('\n')
}

/** What a handler gives up by itself has not failed before, as a rule. */
const runsOf = ({ attempts, rule }: Pick<Envelope, 'attempts' | 'rule'>): string => {
  if (attempts === 0) return ''
  return rule === 'outcome' ? `, in run ${attempts}` : `, after ${counted(attempts, 'failed run')}`
}

function bytesOf(envelope: Envelope, values: boolean): [string, string][] {
  if (!hasBytes(envelope)) return [['bytes', 'none: they were not delivered; Kafka has them under the offset']]
  const { key, value, headers, sha256, notBase64 } = envelope
  const shown = (bytes: Buffer | null): string => {
    if (bytes === null) return 'null'
    return values ? readable(bytes) : `${bytes.length} bytes`
  }
  return [
    ['key', shown(key)],
    ['value', shown(value)],
    [
      'headers',
      values ? headers.map((one) => `${one.key}: ${shown(one.value)}`).join('\n') || 'none' : `${headers.length}`,
    ],
    ['sha256', `${sha256}, of these bytes`],
    ...(notBase64 ? ([['not base64', 'key and value are the text that was delivered']] as [string, string][]) : []),
  ]
}

const indented = (value: string): string => value.replaceAll('\n', `\n${' '.repeat(15)}`)

/** Text, where it is one that a terminal can show; else hexadecimal digits, 32 bytes a line. */
function readable(bytes: Buffer): string {
  if (isUtf8(bytes) && bytes.toString().search(controls) < 0) return bytes.toString()
  return `${bytes.length} bytes, no text:\n${bytes.toString('hex').replace(/(.{64})(?=.)/g, '$1\n')}`
}
