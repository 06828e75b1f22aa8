import type { Statement } from './declarations.js'

/** A name that a module gives (`exported`), by the name it has where it comes from (`local`). */
export interface Link {
  readonly local: string
  readonly exported: string
}

/** What one statement means for the module's exports. */
export type Meaning =
  | {
      readonly kind: 'declares'
      readonly names: readonly string[]
      readonly exported: boolean
      readonly isDefault: boolean
    }
  | { readonly kind: 'links'; readonly links: readonly Link[]; readonly from: string | undefined }
  | { readonly kind: 'imports'; readonly links: readonly Link[]; readonly from: string }
  | { readonly kind: 'star'; readonly from: string; readonly as: string | undefined }
  | { readonly kind: 'other' }

const from = String.raw`\s*from\s*['"]([^'"]+)['"]`
const star = new RegExp(String.raw`^export\s+(?:type\s+)?\*(?:\s+as\s+(\w+))?${from}`)
const list = new RegExp(String.raw`^export\s+(?:type\s+)?\{([^}]*)\}(?:${from})?`)
const imported = new RegExp(String.raw`^import\s+(?:type\s+)?([^'"]*?)${from}`)
const exportedDefault = /^export\s+default\s+([\w$]+)\s*;/
const declaration =
  /^(export\s+)?(default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(interface|class|namespace|module|enum|type|function|const|let|var)\b\s*([\w$]*)/

/** Reads the head of a statement. */
export function meaning({ text }: Statement): Meaning {
  const stars = star.exec(text)
  if (stars) return { kind: 'star', as: stars[1], from: stars[2] ?? '' }
  const links = list.exec(text)
  if (links) return { kind: 'links', links: readLinks(links[1] ?? ''), from: links[2] }
  const imports = imported.exec(text)
  if (imports) return { kind: 'imports', links: readImports(imports[1] ?? ''), from: imports[2] ?? '' }
  const named = exportedDefault.exec(text)
  if (named) return { kind: 'links', links: [{ local: named[1] ?? '', exported: 'default' }], from: undefined }
  const declared = declaration.exec(text)
  if (!declared) return { kind: 'other' }
  const [, exported, isDefault, keyword = '', name = ''] = declared
  const variables = ['const', 'let', 'var'].includes(keyword)
  const names = variables ? variableNames(text.slice(declared[0].length - name.length)) : [name]
  return { kind: 'declares', names, exported: exported !== undefined, isDefault: isDefault !== undefined }
}

/** `a, b as c, type D` */
function readLinks(text: string): Link[] {
  return text
    .split(',')
    .map((part) => part.trim().replace(/^type\s+/, ''))
    .filter(Boolean)
    .map((part) => {
      const [local = '', exported = local] = part.split(/\s+as\s+/)
      return { local, exported }
    })
}

/** `Default, { a, b as c }` or `* as ns`; here `exported` is the name in this file. */
function readImports(text: string): Link[] {
  const names = readLinks(/\{([^}]*)\}/.exec(text)?.[1] ?? '')
  const rest = text
    .replace(/\{[^}]*\}/, '')
    .replace(/[\s,]+$/, '')
    .trim()
  const namespace = /^\*\s+as\s+(\w+)/.exec(rest)
  if (namespace) return [{ local: '*', exported: namespace[1] ?? '' }]
  return rest === '' ? names : [{ local: 'default', exported: rest.replace(/^type\s+/, '') }, ...names]
}

/** `a: string, b: Map<string, { c: number }>;` declares a and b. */
function variableNames(text: string): string[] {
  const names: string[] = []
  let depth = 0
  let expected = true
  for (const [token] of text.matchAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|=>|[\w$]+|[()[\]{}<>,]/g)) {
    if ('([{<'.includes(token)) depth++
    else if (')]}>'.includes(token)) depth--
    else if (depth === 0 && token === ',') expected = true
    else if (depth === 0 && expected && /^[\w$]+$/.test(token)) {
      names.push(token)
      expected = false
    }
  }
  return names
}
