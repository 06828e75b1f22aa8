import { show } from '../../errors.js'
import type { Header, RawRecord } from '../../event/index.js'
import type { Abandoned, Failure, Stage } from '../sink.js'
import { hashOf } from './hash.js'

/** The rule of what Lambda went on without. */
export const abandonedRule = 'abandoned'

/** What is known of a record given up on, but its bytes. docs/envelope.md says what each field means. */
export interface Provenance {
  readonly format: 1
  /** `topic:partition:offset`; of a range, `topic:partition:from-to`. */
  readonly id: string
  /** Consumer group id of the function; empty where a message of Lambda's does not tell it. */
  readonly group: string
  readonly function: string
  /** Of the function, as Lambda counts them: `$LATEST`, or a number. */
  readonly version: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Offsets of several records, both included, of which only these are known. */
  readonly range?: { readonly from: number; readonly to: number }
  /** Epoch ms. */
  readonly timestamp: number
  /** Absent where it was not told. */
  readonly timestampType?: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  /** Runs of the handler that failed. */
  readonly attempts: number
  /** Epoch ms of its first failure. */
  readonly firstSeen: number
  /** Epoch ms of its last failure. */
  readonly lastSeen: number
  readonly stage: Stage
  /** What decided, for example `exhausted`. */
  readonly rule: string
  readonly reason: string
  readonly error?: { readonly name: string; readonly message: string; readonly stack: string }
}

/** The exact bytes of a record, and their hash. */
export interface ExactBytes {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  /** {@link hashOf} them, in hexadecimal digits. */
  readonly sha256: string
  /** Key and value were delivered as what is no base64: they are the UTF-8 of the texts that came in its place. */
  readonly notBase64?: true
}

/**
 * What is kept of a record that was given up on: where it came from, why, and its exact bytes. A record that Lambda went on
 * without has none: they were not delivered, and Kafka has them under its offset.
 */
export type Envelope = Provenance & (ExactBytes | { readonly [field in keyof ExactBytes]?: undefined })

/** Whether the envelope has the record's bytes. */
export const hasBytes = (envelope: Envelope): envelope is Provenance & ExactBytes => envelope.sha256 !== undefined

/** Who gives a record up. */
export interface Giver {
  readonly group: string
  readonly functionName: string
  /** Default: `$LATEST`. */
  readonly functionVersion?: string
}

/** The envelope of a record given up on: the same each time for the same failure. */
export function envelopeOf(failure: Failure, giver: Giver): Provenance & ExactBytes {
  const { record, error } = failure
  return {
    ...provenance(record, failure, giver),
    timestampType: record.timestampType,
    ...exactBytes(record),
    ...(error && {
      error: {
        name: shorten(error.name, 200),
        message: shorten(error.message, 4_000),
        stack: shorten(error.stack ?? '', 8_000),
      },
    }),
  }
}

/** What is kept of a record that Lambda went on without. `now`: epoch ms. */
export function abandonedEnvelope(record: Abandoned, giver: Giver, now: number): Envelope {
  const reason =
    'Lambda went on without delivering it again; read it from Kafka by its offset, as long as Kafka keeps it'
  return provenance(record, { ...record, lastSeen: now, stage: 'process', rule: abandonedRule, reason }, giver)
}

/** The bytes as delivered; where they are not even base64, the text that came in their place, and a mark that says so. */
export function exactBytes(record: RawRecord): ExactBytes {
  const { key, value, ...mark } = bytesOf(record)
  const { headers } = record
  return { key, value, headers, sha256: hashOf({ key, value, headers }), ...mark }
}

function bytesOf(record: RawRecord): Pick<ExactBytes, 'key' | 'value' | 'notBase64'> {
  try {
    return { key: record.key, value: record.value }
  } catch {
    const { key, value } = record.wireText
    const asText = (text: string | null) => (text === null ? null : Buffer.from(text))
    return { key: asText(key), value: asText(value), notBase64: true }
  }
}

function provenance(
  { topic, partition, offset, timestamp }: Pick<Abandoned, 'topic' | 'partition' | 'offset' | 'timestamp'>,
  failure: Pick<Failure, 'attempts' | 'firstSeen' | 'lastSeen' | 'stage' | 'rule' | 'reason'>,
  { group, functionName, functionVersion = '$LATEST' }: Giver,
): Provenance {
  const { attempts, firstSeen, lastSeen, stage, rule, reason } = failure
  return {
    format: 1,
    id: `${topic}:${partition}:${offset}`,
    ...{ group, function: functionName, version: functionVersion },
    ...{ topic, partition, offset, timestamp },
    ...{ attempts, firstSeen, lastSeen, stage, rule: shorten(rule, 200) },
    reason: shorten(reason, 4_000),
  }
}

/**
 * Plain JavaScript may give a reason or a message that is no text, or none; or half a character, as whoever cuts texts may do: stores
 * take only whole ones.
 */
const shorten = (value: unknown, most: number): string => {
  const text = typeof value === 'string' ? value : show(value)
  return Buffer.from(text.length > most ? `${text.slice(0, most)}…` : text).toString()
}
