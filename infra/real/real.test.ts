import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { root } from '../../tools/project.js'
import { missingTool } from './java.js'
import { outcome } from './jobs.js'
import { isComplete, stampOf } from './maven.js'
import { readRealOptions } from './options.js'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-real-test-'))
  folders.push(path)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text, { mode: 0o755 })
  return path
}

describe('what the real lane needs', () => {
  const java = (version: string) => `#!/bin/sh\necho 'openjdk version "${version}"' >&2\n`
  const maven = '#!/bin/sh\necho Maven\n'
  const path = (files: Readonly<Record<string, string>>) => ({ PATH: `${folder(files)}:/bin` })

  it.each<[string | undefined, Readonly<Record<string, string>>]>([
    [undefined, { java: java('17.0.15'), mvn: maven }],
    [undefined, { java: java('21'), mvn: maven }],
    ['Java is 11, 17 or later is needed', { java: java('11.0.2'), mvn: maven }],
    ['Java is 1, 17 or later is needed', { java: java('1.8.0_1'), mvn: maven }],
    ['no Java', { java: '#!/bin/sh\nexit 1\n', mvn: maven }],
    ['no Maven', { java: java('17'), mvn: '#!/bin/sh\nexit 1\n' }],
  ])('is looked for: %s', (missing, files) => {
    expect(missingTool(path(files))).toBe(missing)
  })

  it('is named where it is missing, on a line and in the report, with exit 0', async () => {
    const broken = folder({ java: '#!/bin/sh\nexit 1\n' })
    const env = { ...process.env, PATH: `${broken}:${process.env.PATH}` }
    const { code, stdout } = await new Promise<{ code: number | null; stdout: string }>((resolve) => {
      const child = execFile(
        process.execPath,
        [join(root, 'dist/infra/real/main.js'), '--json', '--report', join(folder(), 'real.json')],
        { env },
        (_, stdout) => resolve({ code: child.exitCode, stdout }),
      )
    })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, skipped: 'no Java', passed: 0, failed: 0 })
  })
})

describe('installed jars', () => {
  const jars = { name: 'some', artifacts: ['a:b:1'] }
  const installed = (): string => {
    const path = folder({ 'a.jar': 'aaaa', 'b.so': 'bb' })
    writeFileSync(join(path, 'complete.json'), JSON.stringify(stampOf(path, jars)))
    return path
  }

  it('are taken where all of them are there', () => {
    expect(isComplete(installed(), jars)).toBe(true)
  })

  it.each<[string, (path: string) => void]>([
    ['one is gone', (path) => rmSync(join(path, 'b.so'))],
    ['one is cut short', (path) => writeFileSync(join(path, 'a.jar'), 'aa')],
    ['Maven was interrupted', (path) => rmSync(join(path, 'complete.json'))],
  ])('are fetched again where %s', (_, spoil) => {
    const path = installed()
    spoil(path)
    expect(isComplete(path, jars)).toBe(false)
  })

  it('are fetched again where others are wanted', () => {
    expect(isComplete(installed(), { name: 'some', artifacts: ['a:b:2'] })).toBe(false)
  })

  it('are some', () => {
    expect(() => stampOf(folder(), jars)).toThrow('ML_REAL_INSTALL')
  })
})

describe('a job of checks', () => {
  const check = (ok: boolean) => ({ name: 'a', ok, detail: 'why' })
  it.each<[string, number | null, boolean[], number, string[]]>([
    ['whose checks hold', 0, [true, true], 2, []],
    ['with a check that does not hold', 1, [true, false], 1, ['a: why']],
    ['without a report', 137, [], 0, ['no report came of it (exit 137)']],
    ['that fails though every check holds', 1, [true], 1, ['exit 1, though every check held']],
  ])('%s is counted', (_, status, oks, passed, failures) => {
    expect(outcome(status, oks.map(check))).toEqual({ passed, failures })
  })
})

describe('the options of the real lane', () => {
  it('have defaults, and are read in any order', () => {
    expect(readRealOptions([])).toEqual({ json: false, kills: 20, only: ['main-job', 'crash', 'differential'] })
    expect(readRealOptions(['--only', 'differential', '--kills', '3', '--only', 'crash', '--json'])).toEqual({
      json: true,
      kills: 3,
      only: ['crash', 'differential'],
    })
  })

  it.each([['--kills', '0'], ['--kills', 'x'], ['--only', 'all'], ['--more']])('refuse %s %s', (...args) => {
    expect(() => readRealOptions(args)).toThrow('ML_USAGE')
  })
})
