/**
 * Lambda's event filters for Kafka: patterns over a record's value (KAFKA-ESM §5; the Lambda developer guide, "Using event
 * filtering with a Kafka event source" and "Filter rule syntax").
 *
 * @module
 */
import { asError, MillraceError, show } from '../../../errors.js'
import { isObject, type Json, parseJson, showJson } from './json.js'
import { compileFields, compilePattern, compileRules } from './pattern.js'

/** Whether a record with this value is delivered. */
export type Filter = (value: Buffer | null) => boolean

/** What a filter sees of a record: JSON, text, or bytes that no filter can read. */
type Content =
  | { readonly kind: 'json'; readonly json: Json }
  | { readonly kind: 'text'; readonly text: string }
  | undefined

type Matcher = (content: Content) => boolean

/** Lambda's quota is 5; AWS support raises it to 10 at most. */
export const filterQuota = { byDefault: 5, most: 10 }

/** Characters of one pattern. */
const patternLimit = 4096

/**
 * Reads a `FilterCriteria`. Several filters are alternatives. `mismatch` is what becomes of a record whose format is not its
 * pattern's: JSON where the pattern is for text, text where it is for JSON, bytes that are no UTF-8, no value at all.
 *
 * @throws MillraceError `ML_LOCAL_FILTER_INVALID`, as Lambda would refuse the mapping
 */
export function compileFilters(criteria: unknown, mapping: string, mismatch: 'pass' | 'drop'): Filter | undefined {
  const filters = isObject(criteria) ? (criteria as { Filters?: unknown }).Filters : undefined
  if (!Array.isArray(filters)) throw invalid(mapping, 'FilterCriteria', 'give it a list of Filters')
  if (filters.length === 0) return undefined
  if (filters.length > filterQuota.most) {
    throw invalid(mapping, 'FilterCriteria', `it has ${filters.length} filters; Lambda takes up to ${filterQuota.most}`)
  }
  const matchers = filters.map((filter, index) => compileFilter(filter, `filter ${index + 1}`, mapping, mismatch))
  return (value) => {
    const content = contentOf(value)
    return matchers.some((matches) => matches(content))
  }
}

function compileFilter(filter: unknown, name: string, mapping: string, mismatch: 'pass' | 'drop'): Matcher {
  const pattern = isObject(filter) ? (filter as { Pattern?: unknown }).Pattern : undefined
  if (typeof pattern !== 'string') throw invalid(mapping, name, 'give it a Pattern, the text of a JSON object')
  if (pattern.length > patternLimit) {
    throw invalid(mapping, name, `its pattern has ${pattern.length} characters; Lambda takes up to ${patternLimit}`)
  }
  try {
    const parsed = parseJson(pattern)
    if (!isObject(parsed)) throw new Error(`its pattern is ${show(pattern)}; give a JSON object`)
    const parts = compileFields<Content>(parsed, 'the pattern', (field, path, key) =>
      compileValue(field, path, key, mismatch === 'pass'),
    )
    return (content) => parts.every((part) => part(content))
  } catch (cause) {
    throw invalid(mapping, name, asError(cause).message, cause)
  }
}

function compileValue(field: Json, path: string, key: string, pass: boolean): Matcher {
  if (key !== 'value') {
    throw new Error(`${path} has "${key}"; for Kafka, Lambda filters by "value" alone`)
  }
  if (Array.isArray(field)) {
    const rule = compileRules(field as readonly Json[], 'value')
    return (content) => (content?.kind === 'text' ? rule([`s${content.text}`]) : pass)
  }
  if (!isObject(field))
    throw new Error(`"value" is ${showJson(field)}; give an object of fields, or a list of rules for text`)
  const matches = compilePattern(field, 'value')
  return (content) => (content?.kind === 'json' ? matches(content.json) : pass)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** JSON is an object or a list; a number or a word alone is text. */
function contentOf(value: Buffer | null): Content {
  if (value === null) return undefined
  let text: string
  try {
    text = utf8.decode(value)
  } catch {
    return undefined
  }
  if (!/^\s*[{[]/.test(text)) return { kind: 'text', text }
  try {
    return { kind: 'json', json: parseJson(text) }
  } catch {
    return { kind: 'text', text }
  }
}

function invalid(mapping: string, what: string, why: string, cause?: unknown): MillraceError {
  return new MillraceError('ML_LOCAL_FILTER_INVALID', `${what} of the mapping ${mapping}: ${why}`, { cause })
}
