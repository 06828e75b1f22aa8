import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { join, relative } from 'node:path'
import { type Check, found } from './subject.js'

/** A place in a function's code that ends its process. */
export interface Exit {
  /** As it is written, for example `process.exit`. */
  readonly call: string
  /** `file:line`, of the source where a source map tells it. */
  readonly place: string
  /** The package that it comes with; absent for code of the service. */
  readonly module?: string
}

/** Of many places, these are named. */
const mostNamed = 5

/** A handler that ends its process ends the whole batch with it (T-05). */
export const checkExits: Check = (subject) => {
  const { exits } = subject.code
  if (exits.length === 0) return []
  const named = exits
    .slice(0, mostNamed)
    .map(({ call, place, module }) => `${call} at ${place}${module ? ` of the package ${module}` : ''}`)
  const more = exits.length > mostNamed ? `, and ${exits.length - mostNamed} more` : ''
  const text = `its code has ${named.join(', ')}${more}: where a handler comes there, nothing of its batch is settled, and all of it is delivered again. Throw an error, or answer retry() or fallback(); if no handler comes there, turn this check off`
  return [found('ML_CHECK_EXIT', subject, text)]
}

/** What may hold a call, in the order in which they are tried: comments, strings, templates and regular expressions hold none. */
const tokens = new RegExp(
  [
    String.raw`\/\/[^\n]*`,
    String.raw`\/\*[\s\S]*?\*\/`,
    String.raw`'(?:\\[\s\S]|[^'\\\n])*'`,
    String.raw`"(?:\\[\s\S]|[^"\\\n])*"`,
    '`(?:\\\\[\\s\\S]|[^`\\\\])*`',
    // After what cannot end an operand, a slash begins a regular expression.
    String.raw`(?<=(?:[(,=:[!&|?{};+\n]|return|typeof)[ \t]*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])*\/`,
    // `process` itself, a global's, or what a bundler makes of an import of node:process; a re-raised SIGTERM is how a process ends that was told to.
    String.raw`(?<call>(?<![\w$.])(?:global(?:This)?\.)?(?:process|import_(?:node_)?process\d*)(?:\.default)?\s*\??\.\s*(?:exit|abort|reallyExit|kill)\b)(?:\)?\s*(?:\?\.)?\()(?<rest>[^\n]{0,60})`,
  ].join('|'),
  'g',
)

/** The calls that end the process in a function's unpacked code, without those of modules that were not bundled: most are never loaded. */
export async function exitsIn(dir: string): Promise<readonly Exit[]> {
  const files = await readdir(dir, { recursive: true })
  const own = files.filter((file) => /\.[cm]?js$/.test(file) && !/(^|[\\/])node_modules[\\/]/.test(file))
  const found = await Promise.all(own.sort().map((file) => exitsOf(join(dir, file), file)))
  return found.flat()
}

async function exitsOf(path: string, file: string): Promise<readonly Exit[]> {
  const text = await readFile(path, 'utf8')
  const calls = [...text.matchAll(tokens)].flatMap(({ index, groups }) => {
    const { call, rest = '' } = groups ?? {}
    const isKill = call?.endsWith('kill') ?? false
    const isOther = isKill && (!/^\s*process\.pid\b/.test(rest) || /SIGTERM/.test(rest))
    return call === undefined || isOther ? [] : [{ call: call.replace(/\s/g, ''), index }]
  })
  if (calls.length === 0) return []
  const map = await sourceMapOf(path)
  return calls.map(({ call, index }) => {
    const before = text.slice(0, index).split('\n')
    const line = before.length - 1
    return { call, ...placeOf(map?.findEntry(line, before.at(-1)?.length ?? 0), `${file}:${line + 1}`) }
  })
}

async function sourceMapOf(path: string): Promise<SourceMap | undefined> {
  const file = `${path}.map`
  if (!existsSync(file)) return undefined
  try {
    return new SourceMap(JSON.parse(await readFile(file, 'utf8')) as SourceMapPayload)
  } catch {
    // Then the bundle's own line has to do.
    return undefined
  }
}

function placeOf(entry: ReturnType<SourceMap['findEntry']> | undefined, place: string): Omit<Exit, 'call'> {
  if (entry === undefined || !('originalSource' in entry)) return { place }
  // Relative to where it was bundled, which is no more.
  const source = relative('/', join('/', entry.originalSource))
  const line = entry.originalLine + 1
  const [, module, inside] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)/.exec(source) ?? []
  return module === undefined ? { place: `${source}:${line}` } : { place: `${inside}:${line}`, module }
}
