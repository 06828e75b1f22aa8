import type { StandardSchemaV1 } from '@standard-schema/spec'
import { kindOf, MillraceError } from '../errors.js'
import { withTextReader } from './ascii.js'
import type { Codec } from './codec.js'
import { utf8 } from './text.js'

/**
 * JSON in UTF-8, validated by any Standard Schema (zod, valibot, arktype, …); the default codec of values.
 *
 * A tombstone reaches the schema as `null`: a schema that accepts null accepts tombstones. Without a schema the value is
 * `unknown`.
 *
 * Throws `ML_OPTION_INVALID` at once for what is no Standard Schema, for example a JSON Schema.
 *
 * Errors: `ML_DECODE_UTF8`, `ML_DECODE_JSON` (stage `decode`), `ML_RECORD_INVALID` (stage `validate`).
 *
 * @example
 * ```ts
 * import { json, kafkaFunction } from 'millrace'
 * import * as z from 'zod/mini'
 *
 * const Order = z.object({ orderId: z.string(), cents: z.int() })
 * export const handler = kafkaFunction({ value: json(Order) }, (order, ctx) => {
 *   ctx.logger.info('order', { cents: order.value.cents })
 * })
 * ```
 */
export function json(): Codec<unknown>
export function json<S extends StandardSchemaV1>(schema: S): Codec<StandardSchemaV1.InferOutput<S>>
export function json(schema?: StandardSchemaV1): Codec<unknown> {
  const { validate } = schema === undefined ? { validate: (value: unknown) => ({ value }) } : standardOf(schema)
  function decodeText(text: string | null): unknown {
    const result = validate(parse(text))
    return result instanceof Promise ? result.then((late) => accepted(late, text)) : accepted(result, text)
  }
  return withTextReader(
    { name: 'json', decode: (bytes) => decodeText(bytes === null ? null : utf8(bytes)) },
    decodeText,
  )
}

/** Of plain JavaScript: a schema of another kind would validate nothing. */
function standardOf(schema: Partial<StandardSchemaV1> | null): StandardSchemaV1.Props {
  const standard = schema?.['~standard']
  if (typeof standard?.validate === 'function') return standard
  throw new MillraceError(
    'ML_OPTION_INVALID',
    `the schema of json() is ${kindOf(schema)} that is no Standard Schema, and would validate nothing; give a schema of zod, ` +
      "valibot, arktype or another library of Standard Schema (it has '~standard'; a JSON Schema has not), or write json()",
  )
}

function parse(source: string | null): unknown {
  if (source === null) return null
  try {
    return JSON.parse(source)
  } catch (cause) {
    throw notJson(source, cause as Error)
  }
}

function notJson(source: string, cause: Error): MillraceError {
  const what = source === '' ? 'the value is empty (zero bytes)' : 'the value is not JSON'
  const advice = 'mend the producer, or read it with the codec text() or bytes()'
  // V8 says where in some of its messages, and quotes the value in most.
  const [where] = /at position \d+/.exec(cause.message) ?? []
  return new MillraceError(
    'ML_DECODE_JSON',
    source === '' ? `${what}; ${advice}` : `${what}: ${cause.message}; ${advice}`,
    {
      cause,
      discreet: `${[what, where].filter(Boolean).join(' ')}; ${advice}`,
    },
  )
}

function accepted(result: StandardSchemaV1.Result<unknown>, source: string | null): unknown {
  if (result.issues === undefined) return result.value
  if (source === null) {
    throw new MillraceError(
      'ML_RECORD_INVALID',
      'the record is a tombstone (it has no value), and the schema does not accept null; make it nullable if deletes are expected',
    )
  }
  throw new MillraceError(
    'ML_RECORD_INVALID',
    `the schema refuses the value: ${result.issues.map(issueText).join('; ')}`,
    // Messages may quote the value, and paths the keys of a map in it.
    { discreet: `the schema refuses the value (issues: ${result.issues.length}); its envelope says which` },
  )
}

function issueText({ message, path }: StandardSchemaV1.Issue): string {
  const at = path?.map((segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.')
  return at ? `${at}: ${message}` : message
}
