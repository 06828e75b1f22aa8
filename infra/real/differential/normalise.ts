/** A value that may differ by its nature: both sides draw it. */
export interface Drawn {
  /** Where: keys and indexes joined by dots, `*` for any one of them, `**` for any number. */
  readonly path: string
  /** What takes its place, with a number: the same value has the same number within one answer. */
  readonly as: string
  /** What it must look like to be replaced. */
  readonly shape: RegExp
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const positive = /^\d+$/

/** All that is replaced before answers are compared; everything else must match. */
export const drawn: readonly Drawn[] = [
  { path: '**.memberId', as: 'member id', shape: new RegExp(`^.+-${uuid}$`) },
  { path: '**.leaderId', as: 'member id', shape: new RegExp(`^.+-${uuid}$`) },
  { path: '**.clusterId', as: 'cluster id', shape: /^[\w-]{22}$/ },
  { path: '**.port', as: 'port', shape: /^[1-9]\d{3,4}$/ },
  { path: '**.producerId', as: 'producer id', shape: positive },
  { path: '**.sessionId', as: 'fetch session id', shape: /^[1-9]\d*$/ },
  { path: '**.topicId', as: 'topic id', shape: /^[0-9a-f-]{32,36}$/ },
  { path: '**.now', as: 'time', shape: /^1\d{12}$/ },
  { path: '**.TableId', as: 'table id', shape: new RegExp(`^${uuid}$`) },
  { path: '**.CreationDateTime', as: 'time', shape: positive },
  { path: '**.LastUpdateToPayPerRequestDateTime', as: 'time', shape: positive },
]

/** The answer with what was drawn replaced. */
export function normalise(answer: unknown, rules: readonly Drawn[] = drawn): unknown {
  const known = new Map<string, Map<string, number>>()
  function numberOf(as: string, text: string): number {
    const numbers = known.get(as) ?? new Map<string, number>()
    known.set(as, numbers)
    if (!numbers.has(text)) numbers.set(text, numbers.size + 1)
    return numbers.get(text) ?? 0
  }
  function replaced(value: unknown, path: readonly string[]): unknown {
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value).map(([key, one]) => [key, replaced(one, [...path, key])] as const)
      return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries)
    }
    const text = String(value)
    const rule = rules.find((one) => one.shape.test(text) && matchesPath(one.path, path.join('.')))
    return rule ? `<${rule.as} ${numberOf(rule.as, text)}>` : value
  }
  return replaced(answer, [])
}

/** Whether a path is of a pattern. */
export function matchesPath(pattern: string, path: string): boolean {
  return match(pattern.split('.'), path === '' ? [] : path.split('.'))
}

function match([first, ...rest]: readonly string[], parts: readonly string[]): boolean {
  if (first === undefined) return parts.length === 0
  if (first === '**') return parts.some((_, at) => match(rest, parts.slice(at))) || match(rest, [])
  const [part, ...others] = parts
  return part !== undefined && (first === '*' || first === part) && match(rest, others)
}
