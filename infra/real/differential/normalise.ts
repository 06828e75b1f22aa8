/** A value that may differ by its nature: both sides draw it. */
export interface Drawn {
  /** Where: keys and indexes joined by dots, `*` for any one of them, `**` for any number. */
  readonly path: string
  /** What takes its place, with a number where it is `numbered`: the same value has the same number within one answer. */
  readonly as: string
  /** What it must look like to be replaced. */
  readonly shape: RegExp
  /** Left out where two of them may or may not be the same by chance. */
  readonly numbered: boolean
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const positive = /^\d+$/
/** Milliseconds from late 2024 on. */
const recent = /^(17[3-9]|1[89]\d|[2-9]\d\d)\d{10}$/

/** All that is replaced before answers are compared; everything else must match. */
export const drawn: readonly Drawn[] = [
  { path: '**.memberId', as: 'member id', shape: new RegExp(`^.+-${uuid}$`), numbered: true },
  { path: '**.leaderId', as: 'member id', shape: new RegExp(`^.+-${uuid}$`), numbered: true },
  { path: '**.clusterId', as: 'cluster id', shape: /^[\w-]{22}$/, numbered: true },
  { path: '**.port', as: 'port', shape: /^[1-9]\d{3,4}$/, numbered: false },
  { path: '**.producerId', as: 'producer id', shape: positive, numbered: true },
  { path: '**.sessionId', as: 'fetch session id', shape: /^[1-9]\d*$/, numbered: true },
  { path: '**.topicId', as: 'topic id', shape: /^[0-9a-f-]{32,36}$/, numbered: true },
  // Of markers, whose time is the coordinator's; records of the cases have times of their own.
  { path: '**.timestamp', as: 'time', shape: recent, numbered: false },
  { path: '**.firstTimestamp', as: 'time', shape: recent, numbered: false },
  { path: '**.maxTimestamp', as: 'time', shape: recent, numbered: false },
  { path: '**.TableId', as: 'table id', shape: new RegExp(`^${uuid}$`), numbered: true },
  { path: '**.CreationDateTime', as: 'time', shape: positive, numbered: false },
  { path: '**.LastUpdateToPayPerRequestDateTime', as: 'time', shape: positive, numbered: false },
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
    if (rule === undefined) return value
    return rule.numbered ? `<${rule.as} ${numberOf(rule.as, text)}>` : `<${rule.as}>`
  }
  return replaced(answer, [])
}

/** Whether a path is of a pattern. */
export function matchesPath(pattern: string, path: string): boolean {
  return match(partsOf(pattern), partsOf(path))
}

const partsOf = (path: string) => (path === '' ? [] : path.split('.'))

function match([first, ...rest]: readonly string[], parts: readonly string[]): boolean {
  if (first === undefined) return parts.length === 0
  if (first === '**') return parts.some((_, at) => match(rest, parts.slice(at))) || match(rest, [])
  const [part, ...others] = parts
  return part !== undefined && (first === '*' || first === part) && match(rest, others)
}
