import { comparable, type Item, type Value } from './values.js'

/** What an expression of one request stands for. */
export interface Scope {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>
  readonly ExpressionAttributeValues?: Readonly<Record<string, Value>>
}

export type Condition = (item: Item | undefined, scope: Scope) => boolean

export const compare: Readonly<Record<string, (a: number | string, b: number | string) => boolean>> = {
  '=': (a, b) => a === b,
  '<>': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

const compiled = new Map<string, Condition>()

/**
 * A condition expression as a function. Each text is read once, so that judging costs a side next to nothing.
 *
 * @throws Error for what the sides do not use: better no figure than a wrong one
 */
export function condition(expression: string): Condition {
  const known = compiled.get(expression)
  if (known !== undefined) return known
  const tokens = expression.match(/\(|\)|<>|<=|>=|[=<>]|[#:]?\w+/g) ?? []
  const made = anyOf(tokens)
  if (tokens.length > 0) throw new Error(`the fake store cannot read the condition ${expression}`)
  compiled.set(expression, made)
  return made
}

function anyOf(tokens: string[]): Condition {
  const parts = [allOf(tokens)]
  while (tokens[0] === 'OR') {
    tokens.shift()
    parts.push(allOf(tokens))
  }
  return (item, scope) => parts.some((part) => part(item, scope))
}

function allOf(tokens: string[]): Condition {
  const parts = [single(tokens)]
  while (tokens[0] === 'AND') {
    tokens.shift()
    parts.push(single(tokens))
  }
  return (item, scope) => parts.every((part) => part(item, scope))
}

function single(tokens: string[]): Condition {
  const first = tokens.shift() ?? ''
  if (first === '(') {
    const inner = anyOf(tokens)
    tokens.shift()
    return inner
  }
  if (first === 'attribute_exists' || first === 'attribute_not_exists') {
    const [, name = ''] = tokens.splice(0, 3)
    return (item, scope) => (item?.[nameOf(name, scope)] !== undefined) === (first === 'attribute_exists')
  }
  const [operator = '', operand = ''] = tokens.splice(0, 2)
  const holds = compare[operator]
  if (holds === undefined) throw new Error(`the fake store knows no operator ${operator}`)
  return (item, scope) => {
    const a = comparable(item?.[nameOf(first, scope)])
    const b = comparable(scope.ExpressionAttributeValues?.[operand])
    return a !== undefined && b !== undefined && holds(a, b)
  }
}

export const nameOf = (name: string, { ExpressionAttributeNames: names }: Scope): string => names?.[name] ?? name
