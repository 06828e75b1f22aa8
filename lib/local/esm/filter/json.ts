import { show } from '../../../errors.js'

/**
 * JSON whose numbers keep their text, for filters compare numbers as they are written: 300 is not 300.0 (KAFKA-ESM §5).
 * A string is `s` and its content, a number `n` and its digits; the names of fields are as they are.
 */
export type Json = string | boolean | null | readonly Json[] | JsonObject

export interface JsonObject {
  readonly [name: string]: Json
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A string of JSON, with the colon after it where it names a field; or a number. */
const tokens = /("(?:[^"\\]+|\\.)*")(\s*:)?|-?\d[\d.eE+-]*/g

/** @throws SyntaxError where the text is no JSON */
export function parseJson(text: string): Json {
  JSON.parse(text)
  const tagged = text.replace(tokens, (token, string?: string, colon?: string) => {
    if (string === undefined) return `"n${token}"`
    return colon === undefined ? `"s${string.slice(1)}` : token
  })
  return JSON.parse(tagged)
}

/** For a message: as it was written. */
export const showJson = (value: Json): string => show(plain(value))

function plain(value: Json): unknown {
  if (typeof value === 'string') return value.startsWith('n') ? Number(value.slice(1)) : value.slice(1)
  if (Array.isArray(value)) return (value as readonly Json[]).map(plain)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]))
}
