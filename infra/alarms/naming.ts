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

/**
 * The logical id of the alarm whose name has this after the prefix, and of no other: CloudFormation makes what is new before it deletes what is gone, and refuses
 * an alarm whose name another logical id still has. A mapping gets another id when its group or cluster changes; its alarms keep name and id.
 */
export function logicalId(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  const end = `${hash(name)}Alarm`
  return `${words.join('').slice(0, longest - end.length)}${end}`
}
