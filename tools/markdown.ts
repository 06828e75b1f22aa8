/** A fenced block of a Markdown text. */
export interface Fence {
  readonly language: string
  readonly code: string
  /** Of its first line of code, from 1. */
  readonly line: number
}

/** The fenced blocks of a Markdown text. */
export function fences(markdown: string): Fence[] {
  return [...markdown.matchAll(/^```(\w*)[^\n]*\n([\s\S]*?)^```\s*$/gm)].map((match) => {
    const [, language = '', code = ''] = match
    return { language, code, line: markdown.slice(0, match.index).split('\n').length + 1 }
  })
}

/** The fenced TypeScript blocks after an `@example` in the docstrings of a source text. */
export function exampleFences(source: string): Fence[] {
  return [...source.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((docstring) => {
    const before = source.slice(0, docstring.index).split('\n').length
    const text = docstring[0].replace(/^[ \t]*\* ?/gm, '')
    const example = text.indexOf('@example')
    return example === -1
      ? []
      : fences(text.replace(/[\s\S]*?(?=@example)/, (head) => head.replace(/[^\n]/g, ''))).map((fence) => ({
          ...fence,
          line: fence.line + before - 1,
        }))
  })
}

/** The commands of the shell blocks: one per line and per `&&`, without comments. */
export function commands(markdown: string): string[] {
  return fences(markdown)
    .filter(({ language }) => ['sh', 'bash', 'shell', 'console'].includes(language))
    .flatMap(({ code }) => code.split('\n'))
    .flatMap((line) => line.replace(/(^|\s)#.*$/, '').split('&&'))
    .map((command) => command.trim())
    .filter(Boolean)
}
