/** A path into keys or values. */
export interface JsonPath {
  /** As it was given. */
  readonly path: string
  /** None: all of it. */
  readonly segments: readonly string[]
}

/** A path to headers: those of a name in lower case, or all. */
export interface HeaderPath {
  readonly path: string
  readonly name: string | undefined
}

export interface Paths {
  readonly key: readonly JsonPath[]
  readonly value: readonly JsonPath[]
  readonly headers: readonly HeaderPath[]
}

/** Paths by what they lead into; a dot within a name is written `\.`. */
export function paths(all: readonly string[], invalid: (path: string) => Error): Paths {
  const found = { key: [] as JsonPath[], value: [] as JsonPath[], headers: [] as HeaderPath[] }
  for (const path of all) {
    const [root = '', ...segments] = path.split(/(?<!\\)\./).map((segment) => segment.replaceAll('\\.', '.'))
    if (segments.includes('')) throw invalid(path)
    if (root === 'key' || root === 'value') found[root].push({ path, segments })
    else if (root === 'headers') {
      const name = segments.join('.').toLowerCase()
      found.headers.push({ path, name: name === '' || name === '*' ? undefined : name })
    } else throw invalid(path)
  }
  return found
}

/** A copy of JSON where what lies at the path is another value of its type. */
export function redactJson(node: unknown, segments: readonly string[], found: () => void): unknown {
  const [head, ...rest] = segments
  if (head === undefined || typeof node === 'string') {
    found()
    return emptied(node)
  }
  if (Array.isArray(node)) {
    const chosen = (index: number) => head === '*' || head === String(index)
    const isIndex = head === '*' || /^\d+$/.test(head)
    return node.map((one, i) =>
      isIndex ? (chosen(i) ? redactJson(one, rest, found) : one) : redactJson(one, segments, found),
    )
  }
  if (typeof node !== 'object' || node === null) return node
  const members = Object.entries(node).map(([name, value]) => {
    const isChosen = head === '*' || head === name
    return [name, isChosen ? redactJson(value, rest, found) : value]
  })
  return Object.fromEntries(members)
}

function emptied(node: unknown): unknown {
  if (typeof node === 'string') return 'redacted'
  if (typeof node === 'number') return 0
  if (typeof node === 'boolean') return false
  if (Array.isArray(node)) return []
  return node === null ? null : {}
}
