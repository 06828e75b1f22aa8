import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { type Envelope, type ExactBytes, hasBytes, type Provenance } from '../envelope/index.js'

type Item = Record<string, AttributeValue>

/** DynamoDB takes items of 400 KB; what is larger is kept in pieces of this many bytes. */
export const pieceBytes = 350_000

/** The items of one envelope: the pieces first, if any, then the head, whose presence says that all is there. */
export interface EnvelopeItems {
  readonly pieces: readonly Item[]
  readonly head: Item
}

/** The filter of a scan for heads, where `#bytes` is the name `bytes`, which only pieces have. */
export const isHead = 'attribute_not_exists(#bytes)'

/** The same, without heads that a command has marked as done with: they are about to be deleted. */
export const isWaiting = `${isHead} AND attribute_not_exists(ended)`

/** What the failures table keeps of an envelope (docs/envelope.md): the same items each time for the same envelope. */
export function itemsOf(envelope: Envelope): EnvelopeItems {
  const { pk, sk } = keyOf(envelope)
  const about = { pk: { S: pk }, sk: { S: sk }, ...facts(envelope) }
  if (!hasBytes(envelope)) return { pieces: [], head: about }
  const { key, value, headers, sha256, notBase64 } = envelope
  const marks = { ...about, sha256: { S: sha256 }, ...(notBase64 && { notBase64: { BOOL: true } }) }
  const size = (key?.length ?? 0) + (value?.length ?? 0) + headers.reduce(headerBytes, 0)
  if (size <= pieceBytes) {
    const list = headers.map((header) => ({ M: { key: { S: header.key }, value: binary(header.value) } }))
    return { pieces: [], head: { ...marks, key: binary(key), value: binary(value), headers: { L: list } } }
  }
  const body = largeBody(envelope)
  const pieces = cut(body.bytes).map((bytes, i) => ({
    pk: { S: pk },
    sk: { S: pieceKey(sk, i) },
    bytes: { B: bytes },
  }))
  return { pieces, head: { ...marks, pieces: { N: String(pieces.length) }, ...body.lengths } }
}

/** Where an envelope lies in the failures table: that of a topic that was made anew, with offsets from 0, is not the former one's. */
export function keyOf({
  group,
  topic,
  partition,
  offset,
  timestamp,
}: Pick<Provenance, 'group' | 'topic' | 'partition' | 'offset' | 'timestamp'>): {
  readonly pk: string
  readonly sk: string
} {
  return { pk: `${group}#${topic}#${partition}`, sk: `${String(offset).padStart(16, '0')}@${timestamp}` }
}

/** The offset in the sort key of a head. */
export const offsetIn = (sk: string): number => Number.parseInt(sk, 10)

/** The sort key of a piece, counted from 0, of the head with this sort key. */
export const pieceKey = (sk: string, i: number): string => `${sk}#${String(i).padStart(4, '0')}`

function facts(envelope: Provenance): Item {
  const { timestampType, error } = envelope
  return {
    format: { N: String(envelope.format) },
    group: { S: envelope.group },
    function: { S: envelope.function },
    version: { S: envelope.version },
    topic: { S: envelope.topic },
    partition: { N: String(envelope.partition) },
    offset: { N: String(envelope.offset) },
    timestamp: { N: String(envelope.timestamp) },
    ...(timestampType && { timestampType: { S: timestampType } }),
    attempts: { N: String(envelope.attempts) },
    firstSeen: { N: String(envelope.firstSeen) },
    lastSeen: { N: String(envelope.lastSeen) },
    stage: { S: envelope.stage },
    rule: { S: envelope.rule },
    reason: { S: envelope.reason },
    ...(error && {
      error: { M: { name: { S: error.name }, message: { S: error.message }, stack: { S: error.stack } } },
    }),
  }
}

/** Key, value and headers (as JSON, values in base64) one after another, and their lengths. */
function largeBody({ key, value, headers }: ExactBytes): { bytes: Buffer; lengths: Item } {
  const json = Buffer.from(
    JSON.stringify(headers.map((header) => [header.key, header.value?.toString('base64') ?? null])),
  )
  const length = (bytes: Buffer | null): AttributeValue =>
    bytes === null ? { NULL: true } : { N: String(bytes.length) }
  return {
    bytes: Buffer.concat([key ?? Buffer.alloc(0), value ?? Buffer.alloc(0), json]),
    lengths: { keyBytes: length(key), valueBytes: length(value), headersBytes: length(json) },
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
