import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fromRoot, root } from './project.js'

/** One test of a vitest run. */
export interface TestResult {
  /** With the names of the suites around it. */
  readonly name: string
  /** From the project's folder. */
  readonly file: string
  readonly status: 'passed' | 'failed' | 'skipped'
}

/** What this project reads of vitest's JSON report. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

/** The tests of a report, in its order. */
export function testResults(report: Report): TestResult[] {
  return report.testResults.flatMap(({ name: path, assertionResults }) =>
    assertionResults.map(({ fullName, status }) => ({
      name: fullName,
      file: fromRoot(path),
      status: status === 'passed' || status === 'failed' ? status : 'skipped',
    })),
  )
}

export function readReport(path: string): Report {
  const report: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (typeof report !== 'object' || report === null || !('testResults' in report)) {
    throw new Error(`${path} is no JSON report of vitest; write one with \`npx vitest run --reporter=json\``)
  }
  return report as Report
}

/** Where `npm test` leaves its report. */
export const defaultReport = join(root, '.cache/reports/tests.json')

/** Runs all tests, their progress on stderr, and leaves their report there. */
export function runTests(path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  rmSync(path, { force: true })
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--reporter=dot', '--reporter=json', `--outputFile.json=${path}`]
  spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (!existsSync(path)) throw new Error('vitest ended without a report; what it printed above says why')
}
