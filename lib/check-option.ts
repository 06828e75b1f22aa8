import { kindOf, MillraceError, show } from './errors.js'

// Checks of options; each answers the value, or throws `ML_OPTION_INVALID`.

export const invalid = (name: string, what: string) =>
  new MillraceError('ML_OPTION_INVALID', `the option ${name} ${what}`)

/** What is given to a function of the package: an object with no other options than these; `example` is how it is written. */
export function optionsOf<T extends object>(
  of: string,
  options: T,
  known: readonly (keyof T & string)[],
  example: string,
): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new MillraceError('ML_OPTION_INVALID', `the options of ${of} are ${kindOf(options)}; write ${example}`)
  const unknown = Object.keys(options).filter((name) => !known.includes(name as keyof T & string))
  if (unknown.length === 0) return options
  throw invalid(unknown.join(', '), `is no option of ${of}; there are ${known.join(', ')}`)
}

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

/** A text of at least one character; `example` is how it is written. */
export function nonEmpty(name: string, value: string, example: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw invalid(name, `is ${show(value)}; write ${example}`)
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
