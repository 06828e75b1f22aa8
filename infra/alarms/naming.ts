import { createHash } from 'node:crypto'

/** The longest name of an alarm, and the longest logical id. */
const longest = 255

const hash = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8)

/**
 * The names of alarms: the prefix, and the parts of each joined by `-`. Those that would be alike (of a function `a` of topic `b-c`, and of
 * `a-b` of `c`) or too long end in a hash of their parts.
 *
 * @param names by anything
 */
export function alarmNames<T>(prefix: string, names: ReadonlyMap<T, readonly string[]>): ReadonlyMap<T, string> {
  const plain = [...names.values()].map((parts) => parts.join('-'))
  const entries = [...names].map(([of, parts]): [T, string] => {
    const name = `${prefix}${parts.join('-')}`
    const isAlone = plain.filter((other) => other === parts.join('-')).length === 1
    if (isAlone && name.length <= longest) return [of, name]
    return [of, `${name.slice(0, longest - 9)}-${hash(JSON.stringify(parts))}`]
  })
  return new Map(entries)
}

/** The logical id of an alarm of what has this logical id. */
export function logicalId(of: string, kind: string): string {
  const id = `${of}${kind.charAt(0).toUpperCase()}${kind.slice(1)}Alarm`
  return id.length <= longest ? id : `${id.slice(0, longest - 8)}${hash(id)}`
}
