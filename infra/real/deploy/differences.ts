/** Where what was found is not what was wanted: what is found beside is no difference, for AWS adds its defaults. */
export function differences(wanted: unknown, found: unknown, path = ''): readonly string[] {
  if (Array.isArray(wanted) && Array.isArray(found) && wanted.length === found.length) {
    return wanted.flatMap((one, index) => differences(one, found[index], `${path}[${index}]`))
  }
  if (isObject(wanted) && isObject(found)) {
    return Object.entries(wanted).flatMap(([name, one]) =>
      differences(one, found[name], path ? `${path}.${name}` : name),
    )
  }
  // A template may say a number or a truth value as text.
  if (!isObject(wanted) && !Array.isArray(wanted) && String(wanted) === String(found)) return []
  return [`${path} is ${short(found)}, not ${short(wanted)}`]
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const short = (value: unknown) => (JSON.stringify(value) ?? 'missing').slice(0, 300)
