import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { asError, MillraceError, show } from '../errors.js'
import type { OutgoingRecord } from '../testing/load/index.js'

/** Where lines come from. */
export interface LineSource {
  /** `-` is standard input. */
  readonly file: string
  /** Each line is a value, and nothing else. */
  readonly plain: boolean
  /** Ends the reading. */
  readonly signal?: AbortSignal
}

/**
 * The records of a file, as they come. Empty lines are none, except where each line is a value.
 *
 * @throws MillraceError `ML_FIXTURE_INVALID` that names the line
 */
export async function* recordsOfLines({
  file,
  plain,
  signal,
}: LineSource): AsyncGenerator<OutgoingRecord, void, undefined> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  let number = 0
  // A terminal that nobody types in any more would keep the process.
  signal?.addEventListener('abort', () => input.destroy(), { once: true })
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++
      if (plain) yield { value: Buffer.from(line) }
      else if (line.trim() !== '') yield recordOf(line)
    }
  } catch (cause) {
    const where = number === 0 ? file : `line ${number} of ${file}`
    throw new MillraceError(
      'ML_FIXTURE_INVALID',
      `${where}: ${asError(cause).message}; mend it, or see \`millrace produce --help\``,
      { cause },
    )
  } finally {
    input.destroy()
  }
}

const fields = ['key', 'key_base64', 'value', 'value_base64', 'headers', 'partition', 'timestamp']

/** One line of JSON as a record. @throws Error that says what is wrong with it */
function recordOf(line: string): OutgoingRecord {
  const given: unknown = JSON.parse(line)
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new Error(`${show(given)} is no object`)
  const unknown = Object.keys(given).find((name) => !fields.includes(name))
  if (unknown !== undefined) throw new Error(`it has no field ${show(unknown)}, only ${fields.join(', ')}`)
  const { headers = [], ...record } = given as Record<string, unknown>
  if (!('value' in record) && !('value_base64' in record))
    throw new Error('it has no value; a tombstone has "value": null')
  if (!Array.isArray(headers)) throw new Error(`headers are ${show(headers)}, not a list of [name, value]`)
  return {
    key: bytesOf(record, 'key'),
    value: bytesOf(record, 'value'),
    headers: headers.map(headerOf),
    ...wholeNumber(record, 'partition'),
    ...wholeNumber(record, 'timestamp'),
  }
}

function bytesOf(record: Readonly<Record<string, unknown>>, field: 'key' | 'value'): Buffer | null {
  const exact = record[`${field}_base64`]
  if (exact === undefined) return textOrJson(record[field] ?? null)
  if (field in record) throw new Error(`it has both ${field} and ${field}_base64`)
  return fromBase64(exact, `${field}_base64`)
}

const textOrJson = (value: unknown): Buffer | null =>
  value === null ? null : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))

/** Buffer.from takes anything for base64; what it did not understand is missing when it is written again. */
function fromBase64(text: unknown, what: string): Buffer {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'base64') : undefined
  const stripped = (one: string) => one.replace(/=+$/, '')
  if (bytes === undefined || stripped(bytes.toString('base64')) !== stripped(String(text))) {
    throw new Error(`${what} is ${show(text)}, which is no base64`)
  }
  return bytes
}

function headerOf(header: unknown): [string, Buffer] {
  const [name, value] = Array.isArray(header) && header.length === 2 ? header : []
  if (typeof name === 'string' && typeof value === 'string') return [name, Buffer.from(value)]
  if (typeof name === 'string' && typeof value?.base64 === 'string')
    return [name, fromBase64(value.base64, `header ${name}`)]
  throw new Error(`a header is ${show(header)}, not [name, text] or [name, {"base64": "…"}]`)
}

function wholeNumber<Name extends string>(
  record: Readonly<Record<string, unknown>>,
  name: Name,
): { readonly [name in Name]?: number } {
  const value = record[name]
  if (value === undefined) return {}
  if (!Number.isSafeInteger(value) || Number(value) < 0)
    throw new Error(`${name} is ${show(value)}, not a whole number from 0`)
  return { [name]: Number(value) } as { readonly [name in Name]?: number }
}
