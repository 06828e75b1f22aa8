import { MillraceError, show } from '../../errors.js'
import { type Envelope, type ExactBytes, hasBytes, type Provenance } from './envelope.js'
import { hashOf } from './hash.js'

/** The envelope as JSON text, bytes in base64 (docs/envelope.md). */
export function toJson(envelope: Envelope): string {
  return JSON.stringify(jsonOf(envelope))
}

/** The envelope as a JSON value: bytes are base64, and `headers` a list of `[name, base64 or null]`. */
export function jsonOf(envelope: Envelope): object {
  if (!hasBytes(envelope)) return envelope
  const { key, value, headers } = envelope
  return {
    ...envelope,
    key: base64(key),
    value: base64(value),
    headers: headers.map((header) => [header.key, base64(header.value)]),
  }
}

const base64 = (bytes: Buffer | null): string | null => (bytes === null ? null : bytes.toString('base64'))

/**
 * Reads an envelope as a fallback sink writes it to a topic, a queue or an endpoint (docs/envelope.md): its JSON as text, as bytes,
 * or parsed. Checks that the record's bytes are those of the hash. Fields that this release does not know are left out.
 *
 * @throws MillraceError `ML_ENVELOPE_INVALID` for what is no envelope, or one of a newer format; `ML_ENVELOPE_HASH`
 *
 * @example
 * ```ts
 * import { readEnvelope } from 'millrace'
 *
 * export const handler = (event: { Records: { body: string }[] }) => {
 *   for (const { body } of event.Records) {
 *     const { id, rule, reason, value } = readEnvelope(body)
 *     console.log(id, rule, reason, value?.toString())
 *   }
 * }
 * ```
 */
export function fromJson(json: unknown): Envelope {
  const fields = parsed(json)
  if (fields.format !== 1) {
    throw invalid(
      `its format is ${show(fields.format)}, and this release knows 1; read it with a release that knows it`,
    )
  }
  const about = provenance(fields)
  return fields.sha256 === undefined ? about : verified({ ...about, ...exactBytes(fields) })
}

/** The envelope itself, its bytes being those of its hash. @throws MillraceError `ML_ENVELOPE_HASH` */
export function verified<T extends Provenance & ExactBytes>(envelope: T): T {
  const actual = hashOf(envelope)
  if (actual === envelope.sha256) return envelope
  throw new MillraceError(
    'ML_ENVELOPE_HASH',
    `the envelope of ${envelope.id} was changed after it was written: its bytes have the SHA-256 ${actual}, and it says ` +
      `${envelope.sha256}; restore it, or read the record from Kafka by its offset`,
  )
}

export type Fields = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A JSON object that came as text, as bytes, or parsed. @throws MillraceError `ML_ENVELOPE_INVALID` */
export function parsed(json: unknown): Fields {
  const text = json instanceof Uint8Array ? Buffer.from(json).toString() : json
  let value = text
  try {
    if (typeof text === 'string') value = JSON.parse(text)
  } catch (cause) {
    throw invalid(`it is no JSON: ${show(text)}`, cause)
  }
  if (isObject(value)) return value
  throw invalid(`it is no JSON object: ${show(value)}`)
}

function provenance(fields: Fields): Provenance {
  const { timestampType, range, error } = fields
  return {
    format: 1,
    id: text(fields, 'id'),
    group: text(fields, 'group'),
    function: text(fields, 'function'),
    version: text(fields, 'version'),
    topic: text(fields, 'topic'),
    partition: whole(fields, 'partition'),
    offset: whole(fields, 'offset'),
    ...(isObject(range) && { range: { from: whole(range, 'from'), to: whole(range, 'to') } }),
    timestamp: number(fields, 'timestamp'),
    ...((timestampType === 'CREATE_TIME' || timestampType === 'LOG_APPEND_TIME') && { timestampType }),
    attempts: whole(fields, 'attempts'),
    firstSeen: number(fields, 'firstSeen'),
    lastSeen: number(fields, 'lastSeen'),
    stage: one(fields, 'stage', ['decode', 'validate', 'process', 'sink']),
    rule: text(fields, 'rule'),
    reason: text(fields, 'reason'),
    ...(isObject(error) && {
      error: { name: text(error, 'name'), message: text(error, 'message'), stack: text(error, 'stack') },
    }),
  }
}

function exactBytes(fields: Fields): ExactBytes {
  const { headers, notBase64 } = fields
  if (!Array.isArray(headers)) throw invalid(`its headers are ${show(headers)}, not a list`)
  return {
    key: bytes(fields.key, 'key'),
    value: bytes(fields.value, 'value'),
    headers: headers.map((header: unknown) => {
      if (!Array.isArray(header) || typeof header[0] !== 'string')
        throw invalid(`a header is ${show(header)}, not [name, base64 or null]`)
      return { key: header[0], value: bytes(header[1], `header ${header[0]}`) }
    }),
    sha256: text(fields, 'sha256'),
    ...(notBase64 === true && { notBase64 }),
  }
}

function bytes(value: unknown, what: string): Buffer | null {
  if (value === null) return null
  // Node skips what is not base64; what was written reads back as it was.
  const read = typeof value === 'string' ? Buffer.from(value, 'base64') : undefined
  if (read?.toString('base64') === value) return read ?? null
  throw invalid(`its ${what} is ${show(value)}, neither base64 nor null`)
}

function text(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value === 'string') return value
  throw invalid(`its ${name} is ${show(value)}, no text`)
}

function number(fields: Fields, name: string): number {
  const value = fields[name]
  if (typeof value === 'number') return value
  throw invalid(`its ${name} is ${show(value)}, no number`)
}

function whole(fields: Fields, name: string): number {
  const value = number(fields, name)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw invalid(`its ${name} is ${value}, no whole number from 0`)
}

function one<const T extends string>(fields: Fields, name: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === fields[name])
  if (found !== undefined) return found
  throw invalid(`its ${name} is ${show(fields[name])}, none of ${allowed.join(', ')}`)
}

/** What is no envelope. */
export const invalid = (what: string, cause?: unknown): MillraceError =>
  new MillraceError('ML_ENVELOPE_INVALID', `this is no envelope of a record: ${what}`, { cause })
