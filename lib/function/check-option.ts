import { MillraceError, show } from '../errors.js'

// Checks of options; each answers the value, or throws `ML_OPTION_INVALID`.

export const invalid = (name: string, what: string) =>
  new MillraceError('ML_OPTION_INVALID', `the option ${name} ${what}`)

export function oneOf<T extends string>(name: string, value: T, values: readonly T[]): T {
  if (values.includes(value)) return value
  throw invalid(name, `is ${show(value)}, not ${values.map((one) => `'${one}'`).join(' or ')}`)
}

/** A whole number. */
export function count(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value)) return number(name, value, least, most, 'a whole number')
  throw invalid(name, `is ${show(value)}, not a whole number from ${least} to ${most}`)
}

export function number(name: string, value: number, least: number, most: number, what = 'a number'): number {
  if (typeof value === 'number' && value >= least && value <= most) return value
  throw invalid(name, `is ${show(value)}, not ${what} from ${least} to ${most}`)
}

/** An object with no other properties than these. */
export function object<T extends object>(name: string, value: T, properties: readonly (keyof T & string)[]): T {
  if (typeof value !== 'object' || value === null) throw invalid(name, `is ${show(value)}, not an object`)
  const unknown = Object.keys(value).find((property) => !properties.includes(property as keyof T & string))
  if (unknown === undefined) return value
  throw invalid(`${name}.${unknown}`, `is no option; there are ${properties.map((one) => `${name}.${one}`).join(', ')}`)
}

/** Something with these methods or texts. */
export function shaped<T>(
  name: string,
  value: T,
  shape: Partial<Record<keyof T, 'function' | 'string'>>,
  what: string,
): T {
  const fits =
    typeof value === 'object' &&
    value !== null &&
    Object.entries(shape).every(([property, type]) => typeof value[property as keyof T] === type)
  if (fits) return value
  throw invalid(name, `is ${show(value)}, not ${what}`)
}
