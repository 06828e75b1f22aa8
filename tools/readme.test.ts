import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { cleanEnvironment, run, serverless } from '../infra/project.fixture.js'
import { fallback, kafkaFunction } from '../lib/index.js'
import { invoke, kafkaEvent, testDeployment } from '../lib/testing/index.js'
import { commandProofs, notRun } from './commands.js'
import { commands, type Fence, fences } from './markdown.js'
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
    const service = serviceAt(home, line)
    const base = { service: 'shown', provider: { name: 'aws', runtime: 'nodejs22.x', region: 'eu-central-1' } }
    writeFileSync(join(service, 'serverless.yml'), parse(code).service ? code : stringify({ ...base, ...parse(code) }))
    const { status, output } = await serverless(service, ['package'])
    expect(status, output).toBe(0)
    const template = readFileSync(join(service, '.serverless/cloudformation-template-update-stack.json'), 'utf8')
    expect(template).toContain('ReportBatchItemFailures')
  })
})

describe('a newcomer', slow, () => {
  let home = ''
  beforeAll(() => {
    mkdirSync(join(root, '.cache/snippets'), { recursive: true })
    home = mkdtempSync(join(root, '.cache/snippets/newcomer-'))
  })
  afterAll(() => rmSync(home, { recursive: true }))
  const only = (is: (fence: Fence) => boolean): Fence => {
    const [found, ...others] = fences(readme).filter(is)
    if (found === undefined || others.length > 0) throw new Error('the README does not show exactly one')
    return found
  }

  it('finds a serverless.yml that lacks nothing', () => {
    const { code } = only(({ language }) => language === 'yaml')
    expect(parse(code)).toMatchObject({
      service: 'shop',
      provider: { name: 'aws' },
      functions: { orders: { timeout: 30 } },
    })
  })

  it('has the types of the first function checked by the tsconfig.json that is shown', async () => {
    const { code, line } = only((fence) => fence.language === 'json' && fence.code.includes('compilerOptions'))
    const service = serviceAt(home, line)
    writeFileSync(join(service, 'tsconfig.json'), code)
    const check = () => run(join(root, 'node_modules/.bin/tsc'), ['-p', service], { cwd: service })
    expect(await check()).toMatchObject({ status: 0, output: '' })
    const handler = join(service, 'functions/orders/handler.ts')
    writeFileSync(handler, readFileSync(handler, 'utf8').replace('order.value.cents < 0', 'order.value.sense < 0'))
    expect((await check()).output).toMatch(/handler\.ts\S+ error TS/)
  })

  it('sees what was given up', async () => {
    const deployment = await testDeployment({ topic: 'orders' })
    const handler = kafkaFunction({}, ({ value }) => (value === 2 ? fallback('not two') : undefined))
    await invoke(handler, kafkaEvent({ topic: 'orders', records: [{ value: 1 }, { value: 2 }] }))
    const where = [
      '--failures-table',
      deployment.failuresTable,
      '--endpoint',
      process.env.AWS_ENDPOINT_URL_DYNAMODB ?? '',
    ]
    const cli = join(root, 'dist/lib/cli/main.js')
    const ended = await run(process.execPath, [cli, 'failures', 'list', ...where], {
      cwd: home,
      env: cleanEnvironment(home),
    })
    await deployment.stop()
    expect(ended).toMatchObject({ status: 1, stdout: expect.stringMatching(/orders:0:1 .*not two/) })
  })
})

/** A service of the files that the README shows before a line. */
function serviceAt(home: string, line: number): string {
  const service = join(home, String(line))
  for (const [path, text] of shownFiles(line)) {
    mkdirSync(join(service, dirname(path)), { recursive: true })
    writeFileSync(join(service, path), text)
  }
  return service
}

/** The files that the README shows before a line: a block whose first line is a comment with a path. */
function shownFiles(before: number): [path: string, text: string][] {
  return fences(readme).flatMap(({ code, line }): [string, string][] => {
    const path = /^\/\/ ([\w./-]+\.m?[jt]s)\n/.exec(code)?.[1]
    return path === undefined || line > before ? [] : [[path, code]]
  })
}
