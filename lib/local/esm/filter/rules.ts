import { isObject, type Json, showJson } from './json.js'

/** A value without parts, as {@link parseJson} gives it. */
export type Leaf = string | boolean | null

/** Whether a field passes, by its values: none where it is absent, several where it is a list. */
export type Rule = (values: readonly Leaf[]) => boolean

/** What is wrong with a pattern, in words that say what is right. */
export class PatternFault extends Error {}

type Test = (value: Leaf) => boolean

export const isLeaf = (value: Json): value is Leaf => typeof value !== 'object' || value === null

/** One of the rules in a field's list: a value that it equals, or an operator. */
export function compileRule(rule: Json, path: string): Rule {
  if (isLeaf(rule)) return some((value) => value === rule)
  const [entry, ...others] = isObject(rule) ? Object.entries(rule) : []
  if (!entry || others.length > 0) {
    throw new PatternFault(
      `${path} has ${showJson(rule)} among its rules; a rule is a value, or an object of one operator`,
    )
  }
  const [operator, operand] = entry
  if (operator === 'exists') {
    if (typeof operand !== 'boolean') throw new PatternFault(`"exists" of ${path} wants true or false`)
    return (values) => values.length > 0 === operand
  }
  return some(compileTest(operator, operand, path))
}

const some =
  (test: Test): Rule =>
  (values) =>
    values.some(test)

function compileTest(operator: string, operand: Json, path: string): Test {
  switch (operator) {
    case 'prefix':
    case 'suffix':
    case 'equals-ignore-case':
      return compileText(operator, operand, path)
    case 'numeric':
      return compileNumeric(operand, path)
    case 'anything-but':
      return compileAnythingBut(operand, path)
    default:
      throw new PatternFault(
        `${path} has the operator "${operator}"; Lambda knows prefix, suffix, equals-ignore-case, anything-but, numeric and exists`,
      )
  }
}

function compileText(operator: string, operand: Json, path: string): Test {
  const folded =
    isObject(operand) && Object.keys(operand).join() === 'equals-ignore-case' && operator !== 'equals-ignore-case'
  const text = folded ? operand['equals-ignore-case'] : operand
  if (typeof text !== 'string' || !text.startsWith('s'))
    throw new PatternFault(`"${operator}" of ${path} wants a string`)
  const ignoreCase = folded || operator === 'equals-ignore-case'
  const wanted = fold(text.slice(1), ignoreCase)
  return (value) => {
    if (typeof value !== 'string' || !value.startsWith('s')) return false
    const content = fold(value.slice(1), ignoreCase)
    if (operator === 'prefix') return content.startsWith(wanted)
    return operator === 'suffix' ? content.endsWith(wanted) : content === wanted
  }
}

const fold = (text: string, ignoreCase: boolean): string => (ignoreCase ? text.toLowerCase() : text)

const comparisons: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  '=': (value, limit) => value === limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
}

/** One comparison, or a lower limit and an upper one. */
function compileNumeric(operand: Json, path: string): Test {
  const parts = Array.isArray(operand) ? (operand as readonly Json[]) : []
  const operators = parts.filter((_, index) => index % 2 === 0).map(contentOf)
  const limits = parts.filter((_, index) => index % 2 === 1).map(numberOf)
  const known = operators.map((operator) => (operator === undefined ? undefined : comparisons[operator]))
  const range = operators.length === 2 && /^>=? <=?$/.test(operators.join(' '))
  const whole = parts.length > 0 && parts.length % 2 === 0 && !known.includes(undefined) && !limits.includes(undefined)
  if (!whole || (operators.length !== 1 && !range)) {
    throw new PatternFault(
      `"numeric" of ${path} is ${showJson(operand)}; it wants one comparison, ["=", 100], or a range, [">", 10, "<=", 20]`,
    )
  }
  return (value) => {
    const number = numberOf(value)
    return number !== undefined && known.every((compare, index) => compare?.(number, limits[index] ?? Number.NaN))
  }
}

const contentOf = (value: Json): string | undefined =>
  typeof value === 'string' && value.startsWith('s') ? value.slice(1) : undefined

const numberOf = (value: Json): number | undefined =>
  typeof value === 'string' && value.startsWith('n') ? Number(value.slice(1)) : undefined

/** Of a value or several, or of what starts, ends or reads in a way. */
function compileAnythingBut(operand: Json, path: string): Test {
  if (isObject(operand)) {
    const [entry, ...others] = Object.entries(operand)
    if (!entry || others.length > 0 || !['prefix', 'suffix', 'equals-ignore-case'].includes(entry[0])) {
      throw new PatternFault(`"anything-but" of ${path} wants values, or one of prefix, suffix and equals-ignore-case`)
    }
    const [operator, texts] = entry
    const tests = listOf(texts).map((text) => compileText(operator, text, path))
    return (value) => !tests.some((test) => test(value))
  }
  const values = listOf(operand)
  if (values.length === 0 || !values.every((value) => typeof value === 'string')) {
    throw new PatternFault(`"anything-but" of ${path} wants a string or a number, or a list of them`)
  }
  return (value) => !values.includes(value as string)
}

const listOf = (value: Json): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [value])
