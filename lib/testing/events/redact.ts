import { MillraceError, show } from '../../errors.js'
import type { KafkaEvent, WireRecord } from '../../event/index.js'
import { paths, redactJson } from './redact-json.js'

/** What was taken out of events. */
export interface Redactions {
  /** How often each path was replaced, by the path as it was given. */
  readonly replaced: Readonly<Record<string, number>>
  /** Keys and values that could not be looked into, and were replaced whole. */
  readonly whole: number
}

/** Takes out of events what nobody should read. */
export interface Redactor {
  /** A copy of the event without it. */
  redact(event: KafkaEvent): KafkaEvent
  /** What was replaced so far. */
  readonly redactions: Redactions
}

const placeholder = 'redacted'

/**
 * Replaces what lies at these paths: `value`, `value.card.number`, `key`, `key.id`, `headers`, `headers.authorization`. Within
 * JSON a value becomes one of its type; `*` is every member or element, and a name reaches into each element of a list. A text on the
 * way to a path is replaced, as it may hold what is meant. Where a path leads into a key or value that is no JSON, all of it is
 * replaced. Different keys stay different (`redacted-1`, `redacted-2`), so that they have the lanes they had.
 *
 * @throws MillraceError `ML_OPTION_INVALID` for a path that begins otherwise
 * @example
 * ```ts
 * import { eventOf, redactor } from 'millrace/testing'
 *
 * const { redact } = redactor(['value.card.number'])
 * const event = redact(eventOf('orders', { id: 'o1', card: { number: '4111', year: 2030 } }))
 * console.log(Buffer.from(event.records['orders-0']?.[0]?.value ?? '', 'base64').toString()) // prints: {"id":"o1","card":{"number":"redacted","year":2030}}
 * ```
 */
export function redactor(redacted: readonly string[]): Redactor {
  const replaced: Record<string, number> = Object.fromEntries(redacted.map((path) => [path, 0]))
  const redactions = { replaced, whole: 0 }
  const { key: inKey, value: inValue, headers: inHeaders } = paths(redacted, invalid)
  const names = new Map<string, string>()
  const count = (path: string): void => {
    replaced[path] = (replaced[path] ?? 0) + 1
  }
  const pseudonym = (bytes: string): string => {
    const name = names.get(bytes) ?? `${placeholder}-${names.size + 1}`
    names.set(bytes, name)
    return name
  }

  /** Base64 to base64. */
  const payload = (base64: string, among: typeof inKey, whole: (base64: string) => string): string => {
    const all = among.find(({ segments }) => segments.length === 0)
    if (all) {
      count(all.path)
      return encode(whole(base64))
    }
    const json = parse(base64)
    if (json === undefined) {
      redactions.whole++
      return encode(whole(base64))
    }
    // Written anew even where nothing was found: JSON that names a member twice hides the first.
    const clean = among.reduce((node, { path, segments }) => redactJson(node, segments, () => count(path)), json.value)
    return encode(JSON.stringify(clean))
  }

  const header = (one: Record<string, number[] | null>): Record<string, number[] | null> =>
    Object.fromEntries(
      Object.entries(one).map(([name, bytes]) => {
        const path = inHeaders.find(({ name: wanted }) => wanted === undefined || wanted === name.toLowerCase())
        if (path === undefined || bytes === null) return [name, bytes]
        count(path.path)
        return [name, [...Buffer.from(placeholder)]]
      }),
    )

  const record = (wire: WireRecord): WireRecord => ({
    ...wire,
    ...(inKey.length > 0 && typeof wire.key === 'string' && { key: payload(wire.key, inKey, pseudonym) }),
    ...(inValue.length > 0 &&
      typeof wire.value === 'string' && { value: payload(wire.value, inValue, () => placeholder) }),
    ...(wire.headers && { headers: wire.headers.map(header) }),
  })

  return {
    redactions,
    redact: (event) => ({
      ...event,
      records: Object.fromEntries(Object.entries(event.records).map(([id, records]) => [id, records.map(record)])),
    }),
  }
}

const encode = (text: string): string => Buffer.from(text).toString('base64')

/** Undefined for what is no JSON. */
function parse(base64: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'))) }
  } catch {
    return undefined
  }
}

const invalid = (path: string): MillraceError =>
  new MillraceError(
    'ML_OPTION_INVALID',
    `${show(path)} is no path to redact; it begins with key, value or headers, as in value.card.number or headers.authorization`,
  )
