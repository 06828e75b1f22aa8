import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { root } from './project.js'

const lanesNeed = ['java', 'mvn', 'python3', 'cmake', 'make', 'g++', 'xz'] as const
type Tool = (typeof lanesNeed)[number]
const without = (...missing: readonly Tool[]) => lanesNeed.filter((tool) => !missing.includes(tool))

/** What each step of a stand-in project leaves as its report, and how it exits. */
interface Steps {
  readonly verify?: { readonly report?: object; readonly exit?: number }
  readonly start?: { readonly report?: object; readonly exit?: number }
  readonly sim?: { readonly report?: object; readonly exit?: number }
  readonly fuzz?: { readonly report?: object; readonly exit?: number }
  readonly bench?: { readonly report?: object; readonly exit?: number }
  readonly node24?: { readonly report?: object; readonly exit?: number }
  readonly real?: { readonly report?: object; readonly exit?: number }
  readonly sqs?: { readonly report?: object; readonly exit?: number }
  readonly lambda?: { readonly report?: object; readonly exit?: number }
  readonly deploy?: { readonly report?: object; readonly exit?: number }
  readonly fresh?: { readonly report?: object; readonly exit?: number }
  /** Which of what the lanes need are on the path. Default: all. */
  readonly tools?: readonly Tool[]
  readonly npm?: 'real' | 'quick'
}

/** Thousands of links each, so they are made once. */
const paths = new Map<string, string>()
afterAll(() => {
  for (const folder of paths.values()) rmSync(folder, { recursive: true })
})
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** Runs a script of the stand-in project, and installs nothing: npm itself takes half a second for each. */
const quickNpm = `#!/bin/sh
[ "$1" = ci ] && exit 0
while [ "$1" = run ] || [ "$1" = --silent ]; do shift; done
exec sh "steps/$1.sh"
`

/** A path with all that this one has, and of what the lanes need what is wanted, in name. */
function pathWith(tools: readonly string[], npm: 'real' | 'quick'): string {
  const wanted = [...tools, npm].join(' ')
  const made = paths.get(wanted)
  if (made !== undefined) return made
  const folder = mkdtempSync(join(tmpdir(), 'millrace-path-'))
  paths.set(wanted, folder)
  const here = (process.env.PATH ?? '').split(delimiter).filter((one) => existsSync(one))
  for (const from of here) {
    for (const name of readdirSync(from)) {
      if (lanesNeed.includes(name as Tool) || existsSync(join(folder, name))) continue
      if (name === 'npm' && npm === 'quick') continue
      symlinkSync(join(from, name), join(folder, name))
    }
  }
  for (const tool of tools) writeFileSync(join(folder, tool), '', { mode: 0o755 })
  if (npm === 'quick') writeFileSync(join(folder, 'npm'), quickNpm, { mode: 0o755 })
  return folder
}

/** Runs `.ci/run` in a project whose scripts do nothing but report. */
function ci({
  verify,
  start,
  sim = proven,
  fuzz = unharmed,
  bench = measured,
  node24,
  real = compared,
  sqs = conforming,
  lambda = conforming,
  deploy = made,
  fresh = made,
  tools = lanesNeed,
  npm = 'quick',
}: Steps): Promise<{ code: number | null; lines: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-ci-'))
  folders.push(folder)
  cpSync(join(root, '.ci'), join(folder, '.ci'), { recursive: true })
  mkdirSync(join(folder, 'steps'))
  /** No Node for each: it takes longer than all that a step does here. */
  const script = (name: string, step: Steps['verify'], target = '/dev/stdout') => {
    const file = join('steps', name)
    if (step?.report) writeFileSync(join(folder, `${file}.json`), JSON.stringify(step.report))
    const write = step?.report ? `cat '${file}.json' >'${target}'\n` : ''
    writeFileSync(join(folder, `${file}.sh`), `${write}exit ${step?.exit ?? 0}\n`)
    return `sh '${file}.sh'`
  }
  const scripts = {
    ...Object.fromEntries(
      Object.entries({ start, sim, fuzz, bench }).map(([name, step]) => [name, script(name, step)]),
    ),
    verify: script('verify', verify, '.cache/reports/tests.json'),
    ...Object.fromEntries(
      Object.entries({ node24, real, sqs, new: fresh, deploy, lambda }).map(([name, step]) => [
        `test:${name}`,
        script(`test:${name}`, step, `.cache/reports/${name}.json`),
      ]),
    ),
  }
  const manifest = { name: 'stand-in', version: '1.0.0' }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, scripts }))
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ ...manifest, lockfileVersion: 3, requires: true, packages: { '': manifest } }),
  )
  return new Promise((resolve) => {
    // Without what an npm that runs these tests tells its scripts.
    const { HOME } = process.env
    const child = execFile(join(folder, '.ci/run'), { env: { PATH: pathWith(tools, npm), HOME } }, (_, stdout) => {
      resolve({ code: child.exitCode, lines: stdout.trimEnd().split('\n') })
    })
  })
}

const tests = (passed: number, failed = 0) => ({ numPassedTests: passed, numFailedTests: failed })
const checks = (...ok: boolean[]) => ({ checks: ok.map((ok) => ({ name: 'a', ok })) })
/** One report for the runs and for the planted bugs: it is the same command. */
const proven = { report: { runs: 10_000, mutants: [{}, {}], survivors: 0 } }
const unharmed = { report: { broker: { failures: [] }, functions: { failures: [] } } }
const measured = { report: { results: Array.from({ length: 30 }, () => ({})) } }
const compared = { report: { passed: 7, failed: 0 } }
const conforming = { report: { passed: 9, failed: 0 } }
const made = { report: { passed: 2, failed: 0 } }
const good: Steps = {
  verify: { report: tests(5) },
  start: { report: checks(true, true) },
  node24: { report: tests(4) },
}

describe('the run on a clean checkout', { timeout: 120_000 }, () => {
  it.each(['real', 'quick'] as const)('sums what was really counted, on its last line, with a %s npm', async (npm) => {
    const { code, lines } = await ci({ ...good, npm })
    expect(lines.at(-1)).toBe('46 passed, 0 failed')
    expect(code).toBe(0)
  })

  it.each<[string, Steps, string]>([
    [
      'a failing test, a failing check and a step that dies without a report',
      {
        verify: { report: tests(4, 1), exit: 1 },
        start: { report: checks(true, false), exit: 1 },
        node24: { exit: 137 },
      },
      '40 passed, 3 failed',
    ],
    [
      'a step that fails after its tests passed, one that leaves no report, and a report without counts',
      { verify: { report: tests(5), exit: 1 }, start: {}, node24: { report: {} } },
      '40 passed, 3 failed',
    ],
    [
      'a breach that the simulation found, a planted bug that it did not find, a hang under the fuzz, and a benchmark without results',
      {
        ...good,
        sim: { report: { runs: 10_000, found: { seed: 1 }, mutants: [{}, {}], survivors: 1 }, exit: 1 },
        fuzz: { report: { broker: { failures: ['a hang'] }, functions: { failures: [] } }, exit: 1 },
        bench: { report: { results: [] } },
      },
      '42 passed, 4 failed',
    ],
    [
      'differences of the real lane that nobody explains',
      { ...good, real: { report: { passed: 5, failed: 2 }, exit: 1 } },
      '44 passed, 2 failed',
    ],
    [
      'a real lane that was skipped although Java and Maven are there',
      { ...good, real: { report: { passed: 0, failed: 0, skipped: 'no Java' } } },
      '39 passed, 1 failed',
    ],
    [
      'a sink that does not conform, on the SQS lane',
      { ...good, sqs: { report: { passed: 8, failed: 1 }, exit: 1 } },
      '45 passed, 1 failed',
    ],
    [
      'a deploy lane that was skipped although Python is there',
      { ...good, deploy: { report: { passed: 0, failed: 0, skipped: 'no network' } } },
      '44 passed, 1 failed',
    ],
    [
      'a new service that does not come to what its README says',
      { ...good, fresh: { report: { passed: 1, failed: 1 }, exit: 1 } },
      '45 passed, 1 failed',
    ],
    ['a real lane that left no report', { ...good, real: {} }, '39 passed, 1 failed'],
    ['a real lane that ran nothing', { ...good, real: { report: { passed: 0, failed: 0 } } }, '39 passed, 1 failed'],
    ['no test at all', { ...good, verify: { report: tests(0) } }, '41 passed, 1 failed'],
  ])('counts %s', async (_, steps, last) => {
    const { code, lines } = await ci(steps)
    expect(lines.at(-1)).toBe(last)
    expect(code).toBe(1)
  })

  it('names what failed before its last line, so that the end of its output is enough to know', async () => {
    const assertionResults = [
      { fullName: 'a thing holds', status: 'failed', failureMessages: ['it did not\n  hold'] },
      { fullName: 'another holds', status: 'passed' },
    ]
    const report = { ...tests(4, 1), testResults: [{ name: 'a.test.ts', status: 'failed', assertionResults }] }
    const parts = [{ name: 'differential', failures: ['a case'] }]
    const { lines } = await ci({
      ...good,
      verify: { report, exit: 1 },
      real: { report: { passed: 5, failed: 1, parts }, exit: 1 },
    })
    expect(lines.slice(lines.indexOf('what failed:'), -2)).toEqual([
      'what failed:',
      'verify: exit 1',
      '  a thing holds: it did not hold',
      'real lane: exit 1',
      '  differential: a case',
    ])
    expect((await ci(good)).lines).not.toContain('what failed:')
  })

  it.each<[string, readonly Tool[], string, string]>([
    ['Java', without('java'), 'real lane: skipped: no java', '39 passed, 0 failed'],
    ['Maven', without('mvn'), 'real lane: skipped: no mvn', '39 passed, 0 failed'],
    ['both', without('java', 'mvn'), 'real lane: skipped: no java no mvn', '39 passed, 0 failed'],
    ['Python', without('python3'), 'SQS lane: skipped: no python3', '26 passed, 0 failed'],
    ['a compiler', without('cmake', 'g++'), 'Lambda lane: skipped: no cmake no g++', '37 passed, 0 failed'],
  ])('says why it skips a lane: %s is not there', async (_, tools, why, last) => {
    const { code, lines } = await ci({ ...good, tools })
    expect(lines).toContain(`== ${why}`)
    expect(lines.at(-1)).toBe(last)
    expect(code).toBe(0)
  })
})
