import { createHash } from 'node:crypto'
import type { Header } from '../event/index.js'
import { readState } from './state.js'

/**
 * The W3C trace context of a record, from its headers `traceparent` and `tracestate`.
 *
 * @see https://www.w3.org/TR/trace-context/
 */
export interface Trace {
  /** 32 lower-case hexadecimal digits: the same for all that the trace has come through. */
  readonly traceId: string
  /** 16 lower-case hexadecimal digits: the span that produced the record. */
  readonly parentId: string
  /** 0 to 255. Bit 0: sampled; bit 1: the trace id is random. */
  readonly flags: number
  /** What the vendors on the way have added, as one `tracestate`; undefined where there is none, or none that is valid. */
  readonly state: string | undefined
}

const version00 = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/
/** A version to come may have more behind what 00 has; ff is none. */
const later = /^(?!00|ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/s
const zeros = /^0+$/

/**
 * Reads the trace context of a record. What is malformed, or given twice, is no trace context: undefined, never an error, as the
 * specification has it.
 *
 * @example
 * ```ts
 * import { traceOf } from 'millrace'
 *
 * const value = Buffer.from('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')
 * console.log(traceOf([{ key: 'traceparent', value }])?.traceId) // 4bf92f3577b34da6a3ce929d0e0e4736
 * ```
 */
export function traceOf(headers: readonly Header[]): Trace | undefined {
  const [parent, second] = valuesOf(headers, 'traceparent')
  if (parent === undefined || second !== undefined) return undefined
  const [, traceId = '', parentId = '', flags = ''] = version00.exec(parent) ?? later.exec(parent) ?? []
  if (zeros.test(traceId) || zeros.test(parentId) || flags === '') return undefined
  return { traceId, parentId, flags: Number.parseInt(flags, 16), state: readState(valuesOf(headers, 'tracestate')) }
}

/**
 * The headers that put what is produced on behalf of a record into its trace: the same trace id and `tracestate`, with a parent id
 * of its own. That id is derived from `id` and the trace, not drawn: the same in each delivery, so that writing an output again leaves its target
 * byte-identical.
 *
 * @param id of what is produced, for example `SinkRecord.id`
 *
 * @example
 * ```ts
 * import { kafkaFunction, traceHeaders } from 'millrace'
 *
 * export const handler = kafkaFunction({}, (record, ctx) => {
 *   for (const { key, value } of ctx.trace ? traceHeaders(ctx.trace, record.id) : []) console.log(key, value?.toString())
 * })
 * ```
 */
export function traceHeaders(trace: Trace, id: string): Header[] {
  const { traceId, flags, state } = trace
  // Of the flags, a version 00 has these two.
  const known = (flags & 0b11).toString(16).padStart(2, '0')
  const parent: Header = { key: 'traceparent', value: Buffer.from(`00-${traceId}-${spanId(trace, id)}-${known}`) }
  return state === undefined ? [parent] : [parent, { key: 'tracestate', value: Buffer.from(state) }]
}

/** The headers of an output, in the trace of its source where that has one and the output says nothing of its own. */
export function traced(headers: readonly Header[], source: readonly Header[], id: string): readonly Header[] {
  if (source.length === 0 || headers.some(({ key }) => isNamed(key, 'traceparent'))) return headers
  const trace = traceOf(source)
  if (trace === undefined) return headers
  // A state without its parent means nothing.
  return [...headers.filter(({ key }) => !isNamed(key, 'tracestate')), ...traceHeaders(trace, id)]
}

function spanId({ traceId, parentId }: Trace, id: string): string {
  const drawn = createHash('sha256').update(`${traceId}-${parentId}-${id}`).digest('hex').slice(0, 16)
  // All zeros mean none.
  return zeros.test(drawn) ? '0000000000000001' : drawn
}

function valuesOf(headers: readonly Header[], name: string): string[] {
  return headers.flatMap(({ key, value }) => (isNamed(key, name) ? [value?.toString('latin1') ?? ''] : []))
}

/** Written in lower case, read in any. */
const isNamed = (key: string, name: string) => key.length === name.length && key.toLowerCase() === name
