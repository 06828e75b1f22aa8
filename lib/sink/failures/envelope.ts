import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { show } from '../../errors.js'
import type { RawRecord } from '../../event/index.js'
import type { Abandoned, Failure } from '../sink.js'

type Item = Record<string, AttributeValue>

/** DynamoDB takes items of 400 KB; what is larger is kept in pieces of this many bytes. */
export const pieceBytes = 350_000

/** Who gives a record up. */
export interface Giver {
  readonly group: string
  readonly functionName: string
}

type RecordId = Pick<Abandoned, 'topic' | 'partition' | 'offset' | 'timestamp'>

/** The items of one envelope: the pieces first, if any, then the head, whose presence says that all is there. */
export interface Envelope {
  readonly pieces: readonly Item[]
  readonly head: Item
}

/** What the failures table keeps of a record: exact bytes and provenance, the same items each time for the same failure. */
export function envelope(failure: Failure, giver: Giver): Envelope {
  const { record } = failure
  const { pk, sk } = keyOf(record, giver)
  const about = { pk: { S: pk }, sk: { S: sk }, ...provenance(failure, giver) }
  const { key, value, broken } = exactBytes(record)
  const headers = record.headers.map((header) => ({ M: { key: { S: header.key }, value: binary(header.value) } }))
  const size = (key?.length ?? 0) + (value?.length ?? 0) + record.headers.reduce(headerBytes, 0)
  if (size <= pieceBytes) {
    return {
      pieces: [],
      head: { ...about, ...broken, key: binary(key), value: binary(value), headers: { L: headers } },
    }
  }
  const body = largeBody(record, key, value)
  const pieces = cut(body.bytes).map((bytes, i) => ({
    pk: { S: pk },
    sk: { S: `${sk}#${String(i).padStart(4, '0')}` },
    bytes: { B: bytes },
  }))
  return { pieces, head: { ...about, ...broken, pieces: { N: String(pieces.length) }, ...body.lengths } }
}

/** The rule of what Lambda went on without. */
export const abandonedRule = 'abandoned'

/** What is kept of a record that Lambda went on without: all but its bytes, which were not delivered. */
export function abandonedItem(record: Abandoned, giver: Giver, now: number): Item {
  const { pk, sk } = keyOf(record, giver)
  const reason =
    'Lambda went on without delivering it again; read it from Kafka by its offset, as long as Kafka keeps it'
  const failure = { ...record, lastSeen: now, stage: 'process' as const, rule: abandonedRule, reason }
  return { pk: { S: pk }, sk: { S: sk }, ...facts(record, failure, giver) }
}

function keyOf({ topic, partition, offset }: RecordId, { group }: Giver): { pk: string; sk: string } {
  return { pk: `${group}#${topic}#${partition}`, sk: String(offset).padStart(16, '0') }
}

function facts(
  record: RecordId,
  failure: Pick<Failure, 'attempts' | 'firstSeen' | 'lastSeen' | 'stage' | 'rule' | 'reason'>,
  { group, functionName }: Giver,
): Item {
  return {
    format: { N: '1' },
    group: { S: group },
    function: { S: functionName },
    topic: { S: record.topic },
    partition: { N: String(record.partition) },
    offset: { N: String(record.offset) },
    timestamp: { N: String(record.timestamp) },
    attempts: { N: String(failure.attempts) },
    firstSeen: { N: String(failure.firstSeen) },
    lastSeen: { N: String(failure.lastSeen) },
    stage: { S: failure.stage },
    rule: { S: failure.rule },
    reason: { S: shorten(failure.reason, 4_000) },
  }
}

function provenance(failure: Failure, giver: Giver): Item {
  const { record, error } = failure
  return {
    ...facts(record, failure, giver),
    timestampType: { S: record.timestampType },
    ...(error && {
      error: {
        M: {
          name: { S: shorten(error.name, 200) },
          message: { S: shorten(error.message, 4_000) },
          stack: { S: shorten(error.stack ?? '', 8_000) },
        },
      },
    }),
  }
}

/** The bytes as delivered; where they are not even base64, the text that came in their place, and a mark that says so. */
function exactBytes(record: RawRecord): { key: Buffer | null; value: Buffer | null; broken: Item } {
  try {
    return { key: record.key, value: record.value, broken: {} }
  } catch {
    const { key, value } = record.wireText
    const asText = (text: string | null) => (text === null ? null : Buffer.from(text))
    return { key: asText(key), value: asText(value), broken: { notBase64: { BOOL: true } } }
  }
}

/** Key, value and headers (as JSON, values in base64) one after another, and their lengths. */
function largeBody(record: RawRecord, key: Buffer | null, value: Buffer | null): { bytes: Buffer; lengths: Item } {
  const headers = Buffer.from(
    JSON.stringify(record.headers.map((header) => [header.key, header.value?.toString('base64') ?? null])),
  )
  const length = (bytes: Buffer | null): AttributeValue =>
    bytes === null ? { NULL: true } : { N: String(bytes.length) }
  return {
    bytes: Buffer.concat([key ?? Buffer.alloc(0), value ?? Buffer.alloc(0), headers]),
    lengths: { keyBytes: length(key), valueBytes: length(value), headersBytes: length(headers) },
  }
}

function cut(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, i) =>
    bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes),
  )
}

const binary = (bytes: Buffer | null): AttributeValue => (bytes === null ? { NULL: true } : { B: bytes })
const headerBytes = (sum: number, { key, value }: { key: string; value: Buffer | null }): number =>
  sum + Buffer.byteLength(key) + (value?.length ?? 0) + 20
// Plain JavaScript may give a reason or a message that is no text, or none.
const shorten = (value: unknown, most: number): string => {
  const text = typeof value === 'string' ? value : show(value)
  return text.length > most ? `${text.slice(0, most)}…` : text
}
