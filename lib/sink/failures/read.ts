import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { type Envelope, fromJson, invalid } from '../envelope/index.js'

type Item = Readonly<Record<string, AttributeValue>>

/** How many pieces the head has beside it; 0 where its bytes are its own, or it has none. */
export const piecesOf = (head: Item): number => Number(head.pieces?.N ?? 0)

/** All that a head says but the record's bytes, which may be missing in it. @throws MillraceError `ML_ENVELOPE_INVALID` */
export function provenanceOfItem(head: Item): Envelope {
  const { sha256: _, ...about } = json(head)
  return fromJson(about)
}

/**
 * The envelope of a head and its pieces, in their order.
 *
 * @throws MillraceError `ML_ENVELOPE_INVALID` where something is missing, `ML_ENVELOPE_HASH`
 */
export function envelopeOfItems(head: Item, pieces: readonly Item[]): Envelope {
  const hasBytes = head.key !== undefined || head.pieces !== undefined
  if (hasBytes && head.sha256 === undefined)
    throw invalid('it has bytes and no sha256 to tell whether they are its own')
  if (head.pieces === undefined) return fromJson({ ...json(head), ...ownBytes(head) })
  if (pieces.length !== piecesOf(head)) throw invalid(`${pieces.length} of its ${piecesOf(head)} pieces are there`)
  return fromJson({ ...json(head), ...joinedBytes(head, pieces) })
}

/** The fields of its JSON (docs/envelope.md) but the bytes. */
function json(head: Item): Record<string, unknown> {
  const topic = head.topic?.S
  const [partition, offset] = [numberOf(head.partition), numberOf(head.offset)]
  return {
    format: numberOf(head.format),
    id: `${topic}:${partition}:${offset}`,
    // Before it was kept, there was one.
    version: head.version?.S ?? '$LATEST',
    ...{ topic, partition, offset },
    ...Object.fromEntries(
      ['group', 'function', 'timestampType', 'stage', 'rule', 'reason', 'sha256'].map((name) => [name, head[name]?.S]),
    ),
    ...Object.fromEntries(
      ['timestamp', 'attempts', 'firstSeen', 'lastSeen'].map((name) => [name, numberOf(head[name])]),
    ),
    ...(head.notBase64?.BOOL && { notBase64: true }),
    ...(head.error?.M && {
      error: Object.fromEntries(Object.entries(head.error.M).map(([name, value]) => [name, value.S])),
    }),
  }
}

const ownBytes = ({ key, value, headers }: Item): object => ({
  key: base64(key),
  value: base64(value),
  headers: headers?.L?.map(({ M }) => [M?.key?.S, base64(M?.value)]),
})

function joinedBytes({ keyBytes, valueBytes, headersBytes }: Item, pieces: readonly Item[]): object {
  const body = Buffer.concat(pieces.map(({ bytes }) => bytes?.B ?? Buffer.alloc(0)))
  const [key = 0, value = 0, headers = 0] = [keyBytes, valueBytes, headersBytes].map(numberOf)
  if (body.length !== key + value + headers) {
    throw invalid(`its pieces have ${body.length} bytes, and it says ${key + value + headers}`)
  }
  return {
    key: keyBytes?.N === undefined ? null : body.toString('base64', 0, key),
    value: valueBytes?.N === undefined ? null : body.toString('base64', key, key + value),
    headers: headersOf(body.toString('utf8', key + value)),
  }
}

function headersOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid('its pieces end with what is no list of headers', cause)
  }
}

const numberOf = (attribute: AttributeValue | undefined): number | undefined =>
  attribute?.N === undefined ? undefined : Number(attribute.N)
const base64 = (attribute: AttributeValue | undefined): string | null =>
  attribute?.B ? Buffer.from(attribute.B).toString('base64') : null
