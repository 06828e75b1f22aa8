/** One statement at the top of a declaration file, with the docstring right before it. */
export interface Statement {
  readonly text: string
  readonly line: number
  readonly documented: boolean
}

const block = /^(export\s+)?(default\s+)?(declare\s+)?(abstract\s+)?(interface|class|namespace|module|enum|global)\b/
const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/**
 * Splits the text of an emitted `.d.ts` into its statements. TypeScript 7 has no parser for JavaScript to call, and what
 * it emits is regular: a statement ends at a `;` outside of all brackets, a block at the `}` that ends its line.
 */
export function statements(source: string): Statement[] {
  const found: Statement[] = []
  let documented = false
  let at = 0
  while (at < source.length) {
    const comment = commentEnd(source, at)
    if (comment > at) {
      if (source.startsWith('/**', at)) documented = says(source.slice(at, comment))
      at = comment
    } else if (/[\s;]/.test(source[at] ?? '')) {
      at++
    } else {
      const end = statementEnd(source, at)
      found.push({ text: source.slice(at, end), line: source.slice(0, at).split('\n').length, documented })
      documented = false
      at = end
    }
  }
  return found
}

/** Whether a docstring says something of what follows: it is not empty, and not about the whole module. */
function says(docstring: string): boolean {
  return /\w/.test(docstring) && !/@module\b|@packageDocumentation\b/.test(docstring)
}

function statementEnd(source: string, start: number): number {
  const isBlock = block.test(source.slice(start, start + 100))
  const open: string[] = []
  let at = start
  while (at < source.length) {
    const skipped = Math.max(commentEnd(source, at), textEnd(source, at))
    if (skipped > at) {
      at = skipped
      continue
    }
    const char = source[at] ?? ''
    at++
    const closer = closers[char]
    if (closer !== undefined) open.push(closer)
    else if (char === open.at(-1)) open.pop()
    if (open.length > 0) continue
    if (isBlock ? char === '}' && /^\s*(\n|$)/.test(source.slice(at)) : char === ';') return at
  }
  return at
}

/** Where the comment that starts here ends; `at` if none does. */
function commentEnd(source: string, at: number): number {
  if (source.startsWith('/*', at)) return after(source, '*/', at + 2)
  if (source.startsWith('//', at)) return after(source, '\n', at + 2)
  return at
}

/** Where the string or template that starts here ends; `at` if none does. */
function textEnd(source: string, at: number): number {
  const quote = source[at]
  if (quote !== "'" && quote !== '"' && quote !== '`') return at
  for (let next = at + 1; next < source.length; next++) {
    if (source[next] === '\\') next++
    else if (source[next] === quote) return next + 1
  }
  return source.length
}

function after(source: string, text: string, from: number): number {
  const found = source.indexOf(text, from)
  return found === -1 ? source.length : found + text.length
}
