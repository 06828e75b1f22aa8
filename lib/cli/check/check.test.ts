import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { strToU8, zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import type { Finding } from '../../deployment/index.js'
import { millrace } from '../cli.fixture.js'
import { tell } from './check.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Packaging takes 2 to 5 s, and much longer where the processors are shared. */
const slow = { timeout: 120_000 }

let service = ''
beforeAll(() => {
  service = mkdtempSync(join(tmpdir(), 'millrace-checked-'))
  for (const name of ['node_modules', 'dist']) symlinkSync(join(root, name), join(service, name))
})
afterAll(() => rmSync(service, { recursive: true, force: true }))

/** What docs/checks.md has a function say. */
function documentedFunction(): { readonly timeout: number; readonly millrace: object } {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/checks.md'), 'utf8')) ?? []
  return parse(yaml).functions.prices
}

function write(functions: Readonly<Record<string, object>>, more = {}): void {
  const code = 'exports.handler = async () => {}\nif (exports.never) process.exit(1)'
  writeFileSync(join(service, 'code.zip'), zipSync({ 'handler.cjs': strToU8(code) }))
  const kafka = (topic: string) => ({
    ...{ topic, consumerGroupId: topic, bootstrapServers: ['127.0.0.1:9092'], startingPosition: 'LATEST' },
    provisionedPollerConfig: { minimumPollers: 1 },
  })
  const configuration = {
    service: 'shop',
    plugins: ['./dist/infra/plugin.js'],
    provider: { name: 'aws', runtime: 'nodejs22.x', region: 'eu-central-1' },
    package: { artifact: 'code.zip' },
    functions: Object.fromEntries(
      Object.entries(functions).map(([name, own]) => [
        name,
        { ...own, handler: 'handler.handler', events: [{ kafka: kafka(name) }] },
      ]),
    ),
    ...more,
  }
  writeFileSync(join(service, 'serverless.yml'), stringify(configuration))
}

describe('millrace check', slow, () => {
  it('tells all that the plugin finds, offline and without credentials, and leaves nothing behind', async () => {
    const silent = { ML_CHECK_LATEST: 'off', ML_CHECK_EXIT: 'off', ML_CHECK_UNREAD: 'off' }
    const untimed = { millrace: { checks: silent } }
    write({ orders: { timeout: 900, memorySize: 128 }, prices: documentedFunction(), untimed })
    const before = readdirSync(service).sort()
    const { ended, output, lines } = millrace(['check', '--json', '--stage', 'test'], service, {
      ...{ HOME: service, AWS_PROFILE: '', AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
    })
    expect(await ended, output.stderr).toBe(1)
    const found = lines<Finding & { event: string }>()
    expect(found.map(({ event, severity, code, function: name }) => [event, severity, code, name])).toEqual([
      ['finding', 'error', 'ML_CHECK_TIMEOUT_LONG', 'orders'],
      ['finding', 'error', 'ML_CHECK_MEMORY', 'orders'],
      ['finding', 'error', 'ML_CHECK_LATEST', 'orders'],
      ['finding', 'warning', 'ML_CHECK_EXIT', 'orders'],
      ['finding', 'warning', 'ML_CHECK_UNREAD', 'orders'],
      // Its function has turned ML_CHECK_LATEST off.
      ['finding', 'warning', 'ML_CHECK_EXIT', 'prices'],
      ['finding', 'warning', 'ML_CHECK_UNREAD', 'prices'],
      ['finding', 'warning', 'ML_CHECK_TIMEOUT_UNSET', 'untimed'],
    ])
    expect(found[2]).toMatchObject({ type: 'kafka', topic: 'orders', message: expect.stringContaining('LATEST') })
    expect(readdirSync(service).sort()).toEqual(before)
  })

  it('says why where there is nothing to check', async () => {
    const { ended, output } = millrace(['check'], tmpdir())
    expect(await ended).toBe(1)
    expect(output.stderr).toMatch(/^ML_LOCAL_TEMPLATE: there is no serverless.yml/)
  })
})

it('people read each finding with what it concerns, and how many there are; the exit code says whether there are any', () => {
  const told = (findings: readonly Finding[]) => {
    const lines: (string | undefined)[] = []
    const code = tell(findings, {}, { say: (_event, text) => void lines.push(text) })
    return { code, lines }
  }
  expect(told([])).toEqual({ code: 0, lines: ['nothing found'] })
  const where = { function: 'orders', type: 'kafka', topic: 'paid' } as const
  const idle: Finding = { code: 'ML_CHECK_IDLE', severity: 'warning', ...where, message: 'too many pollers' }
  expect(told([idle, { code: 'ML_PLUGIN_CONFIG', severity: 'error', message: 'no group' }])).toEqual({
    code: 1,
    lines: [
      'warning  ML_CHECK_IDLE  function orders, kafka event of topic paid\n  too many pollers\n',
      'error    ML_PLUGIN_CONFIG\n  no group\n',
      '1 error, 1 warning',
    ],
  })
})
