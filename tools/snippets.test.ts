import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exampleFences } from './markdown.js'
import { prints, runSnippet, type Snippet, snippets, typeErrors, writeSnippets } from './snippets.js'

const all = snippets()
let folder = ''
beforeAll(() => {
  folder = writeSnippets(all)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('the snippets of the documentation', () => {
  it('are found, in the README, in the pages of docs and in docstrings', () => {
    expect(all.filter(({ source }) => source.startsWith('docs/'))).not.toHaveLength(0)
    expect(all.filter(({ source }) => source.startsWith('README.md'))).not.toHaveLength(0)
    expect(all.filter(({ source }) => source.startsWith('lib/'))).not.toHaveLength(0)
  })

  it('have the types of the package as it is built', async () => {
    expect(await typeErrors(folder)).toBe('')
  })

  it.each(all)('run, and print what they say: $source', async (snippet) => {
    expect(inOrder(snippet.prints, await runSnippet(folder, snippet))).toEqual(snippet.prints)
  })
})

describe('the check of snippets', () => {
  let bad = ''
  const snippet = (name: string, code: string): Snippet => ({
    name,
    code,
    source: name,
    base: 'lib',
    prints: prints(code),
  })
  afterAll(() => rmSync(bad, { recursive: true }))

  it('finds a wrong type, a failure, and another output than promised', async () => {
    const failing = snippet('failing', "throw new Error('no')\n")
    const wrong = snippet('wrong', "import { show } from './errors.js'\nconsole.log(show('a')) // a\n")
    bad = writeSnippets([failing, wrong])
    expect(await typeErrors(bad)).toBe('')
    writeFileSync(join(bad, 'mistyped.ts'), "import { gone } from 'millrace'\n\nexport const a: number = 'b'\n")
    expect(await typeErrors(bad)).toMatch(/mistyped\.ts[(:]1[\s\S]*mistyped\.ts[(:]3/)
    await expect(runSnippet(bad, failing)).rejects.toThrow('Error: no')
    expect(inOrder(wrong.prints, await runSnippet(bad, wrong))).toEqual([])
  })

  it('reads what a snippet prints', () => {
    const code = "console.log(f('x')) // [ 1 ]\nf() // not said\nfor (;;) g()\n// prints: a\n// prints: b\n"
    expect(prints(code)).toEqual(['[ 1 ]', 'a', 'b'])
  })

  it('reads examples at their own lines', () => {
    const source = 'const a = 1\n/**\n * Said.\n *\n * @example\n * ```ts\n * b()\n *\n *   c()\n * ```\n */\n'
    expect(exampleFences(source)).toEqual([{ language: 'ts', code: 'b()\n\n  c()\n', line: 7 }])
  })
})

/** The promised lines that were printed, in that order; a logger may print others between them. */
function inOrder(promised: readonly string[], printed: readonly string[]): string[] {
  let at = 0
  return promised.filter((line) => {
    const found = printed.indexOf(line, at)
    if (found !== -1) at = found + 1
    return found !== -1
  })
}
