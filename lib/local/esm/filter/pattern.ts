import { isObject, type Json, type JsonObject, showJson } from './json.js'
import { compileRule, isLeaf, type Leaf, PatternFault, type Rule } from './rules.js'

/** Whether a value passes; undefined where there is none. */
export type Matcher = (value: Json | undefined) => boolean

/** A pattern of JSON objects: every field has to pass, and one of each `$or`. */
export function compilePattern(pattern: JsonObject, path: string): Matcher {
  const fields = compileFields(pattern, path, (field, inner, name) => compileField(field, `${inner}.${name}`, name))
  return (value) => elementsOf(value).some((element) => fields.every((field) => field(element)))
}

/** All fields of a pattern, `$or` expanded. */
export function compileFields<T>(
  pattern: JsonObject,
  path: string,
  compile: (field: Json, path: string, name: string) => (value: T) => boolean,
): ((value: T) => boolean)[] {
  return Object.entries(pattern).map(([name, field]) => {
    if (name !== '$or') return compile(field, path, name)
    if (!Array.isArray(field) || field.length < 2 || !field.every(isObject)) {
      throw new PatternFault(`"$or" of ${path} is ${showJson(field)}; it wants a list of at least two patterns`)
    }
    const ways = (field as JsonObject[]).map((way, index) => compileFields(way, `${path}.$or[${index}]`, compile))
    return (value) => ways.some((all) => all.every((one) => one(value)))
  })
}

function compileField(field: Json, path: string, name: string): (element: JsonObject) => boolean {
  if (Array.isArray(field)) {
    const rule = compileRules(field as readonly Json[], path)
    return (element) => rule(leavesOf(own(element, name)))
  }
  if (!isObject(field) || Object.keys(field).length === 0) {
    throw new PatternFault(`${path} is ${showJson(field)}; a field wants a list of rules, or an object of fields`)
  }
  const inner = compilePattern(field, path)
  return (element) => inner(own(element, name))
}

/** The rules of one field: one of them has to pass. */
export function compileRules(rules: readonly Json[], path: string): Rule {
  if (rules.length === 0) throw new PatternFault(`${path} has no rule; give at least one`)
  const compiled = rules.map((rule) => compileRule(rule, path))
  return (values) => compiled.some((rule) => rule(values))
}

const own = (element: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(element, name) ? element[name] : undefined

/** The objects to look into: of a list one has to pass as a whole; what is no object has no fields. */
function elementsOf(value: Json | undefined): readonly JsonObject[] {
  if (isObject(value)) return [value]
  const objects = Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : []
  return objects.length > 0 ? objects : [{}]
}

/** The values of a field: those of a list one by one. An object is no value, but a step on the way to some. */
function leavesOf(value: Json | undefined): readonly Leaf[] {
  if (value === undefined) return []
  if (isLeaf(value)) return [value]
  return Array.isArray(value) ? (value as readonly Json[]).flatMap(leavesOf) : []
}
