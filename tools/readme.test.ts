import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { serverless } from '../infra/project.fixture.js'
import { commandProofs, notRun } from './commands.js'
import { commands, fences } from './markdown.js'
import { projectFiles, read, root } from './project.js'

const readme = read('README.md')
const files = projectFiles()

/** A package takes 2 to 5 s, and much longer where the processors are shared. */
const slow = { timeout: 180_000 }

describe('every command of the README', () => {
  const shown = commands(readme)

  it('is known, and nothing is known that it does not show', () => {
    expect([...new Set(shown)].sort()).toEqual([...Object.keys(commandProofs), ...Object.keys(notRun)].sort())
  })

  it.each(Object.entries(commandProofs))('is run by what it names: %s', (_, { file, shows }) => {
    expect(files).toContain(file)
    expect(read(file)).toMatch(shows)
  })
})

describe('the scope', () => {
  it('is a platform for functions, not a streaming system, and its broker is for development [R-09]', () => {
    const [, scope = ''] = readme.split('## What it is, and what it is not\n')
    expect(scope.split('\n## ')[0]).toMatch(/not a streaming system.+Flink.+for development and tests/s)
  })
})

describe('every fragment of serverless.yml in the README', slow, () => {
  let home = ''
  beforeAll(() => {
    const folder = join(root, '.cache/snippets')
    mkdirSync(folder, { recursive: true })
    home = mkdtempSync(join(folder, 'service-'))
  })
  afterAll(() => rmSync(home, { recursive: true }))
  const fragments = fences(readme).filter(({ language }) => /^ya?ml$/.test(language))

  it('is there to be checked', () => {
    expect(fragments).not.toHaveLength(0)
  })

  it.each(fragments)('packages with the function shown before it, offline (line $line)', async ({ code, line }) => {
    const service = join(home, String(line))
    for (const [path, text] of shownFiles(line)) {
      mkdirSync(join(service, dirname(path)), { recursive: true })
      writeFileSync(join(service, path), text)
    }
    const base = { service: 'shown', provider: { name: 'aws', runtime: 'nodejs22.x', region: 'eu-central-1' } }
    writeFileSync(join(service, 'serverless.yml'), stringify({ ...base, ...parse(code) }))
    const { status, output } = await serverless(service, ['package'])
    expect(status, output).toBe(0)
    const template = readFileSync(join(service, '.serverless/cloudformation-template-update-stack.json'), 'utf8')
    expect(template).toContain('ReportBatchItemFailures')
  })
})

/** The files that the README shows before a line: a block whose first line is a comment with a path. */
function shownFiles(before: number): [path: string, text: string][] {
  return fences(readme).flatMap(({ code, line }): [string, string][] => {
    const path = /^\/\/ ([\w./-]+\.ts)\n/.exec(code)?.[1]
    return path === undefined || line > before ? [] : [[path, code]]
  })
}
