/**
 * `npm run rows`: each row of the requirements, by its id, and the passing tests that name it. A row is proven when a
 * passing test names it without "partly", and no failing test names it.
 * It reads the report that `npm test` left, or the JSON report of vitest named by `--report file.json`; where there is
 * none, or with `--run`, it runs the tests first. `--json` prints JSON.
 * Ends with 2 if it is used wrongly, with 1 if a test names a row that does not exist, and with 0 otherwise.
 *
 * @module
 */
import { existsSync, statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isCommand } from './project.js'
import { defaultReport, readReport, runTests, type TestResult, testResults } from './reports.js'
import { mentions, rowIds } from './row-ids.js'

/** A row and the tests that name it. */
export interface Row {
  readonly id: string
  readonly state: 'proven' | 'partly' | 'failing' | 'open'
  readonly tests: readonly (TestResult & { readonly partly: boolean })[]
}

/** Every row, in the order of the requirements; and the names of tests that mention a row that is none. */
export function rowsOf(results: readonly TestResult[]): { rows: Row[]; unknown: string[] } {
  const named = results.flatMap((result) => mentions(result.name).map((mention) => ({ ...mention, result })))
  const rows = rowIds.map((id): Row => {
    const tests = named.filter((one) => one.id === id).map(({ partly, result }) => ({ ...result, partly }))
    return { id, state: stateOf(tests), tests: tests.filter(({ status }) => status !== 'skipped') }
  })
  const unknown = named.filter(({ id }) => !rowIds.includes(id)).map(({ id, result }) => `${id} in "${result.name}"`)
  return { rows, unknown }
}

function stateOf(tests: Row['tests']): Row['state'] {
  if (tests.some(({ status }) => status === 'failed')) return 'failing'
  const passed = tests.filter(({ status }) => status === 'passed')
  if (passed.some(({ partly }) => !partly)) return 'proven'
  return passed.length > 0 ? 'partly' : 'open'
}

/** A table for people: one line for each test, and for a row without any. */
export function table(rows: readonly Row[]): string[] {
  return rows.flatMap(({ id, state, tests }) => {
    const lines = tests.map(({ name, file, status, partly }) => {
      const marks = [status === 'failed' ? 'FAILED' : '', partly ? 'partly' : ''].filter(Boolean)
      return `${marks.length > 0 ? `(${marks.join(', ')}) ` : ''}${name}  ${file}`
    })
    const [first = '', ...rest] = lines
    return [`${id}  ${state.padEnd(7)}  ${first}`.trimEnd(), ...rest.map((line) => `${' '.repeat(15)}${line}`)]
  })
}

/** The last line: how many rows are proven, and how many more partly. */
export function summary(rows: readonly Row[]): string {
  const count = (wanted: Row['state']) => rows.filter(({ state }) => state === wanted).length
  return `${count('proven')} of ${rows.length} rows proven (${count('partly')} partly)`
}

function main(): number {
  const { values } = parseArgs({
    options: {
      report: { type: 'string' },
      run: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  })
  const path = values.report ?? defaultReport
  // A report that is named and not there is a mistake, not a wish for another one.
  if (values.run || (values.report === undefined && !existsSync(path))) runTests(path)
  const results = testResults(readReport(path))
  console.error(`${results.length} tests, as reported at ${statSync(path).mtime.toISOString()}`)
  const { rows, unknown } = rowsOf(results)
  for (const one of unknown) console.error(`no such row: ${one}`)
  if (values.json) console.log(JSON.stringify({ rows, summary: summary(rows) }, null, 2))
  else for (const line of [...table(rows), summary(rows)]) console.log(line)
  return unknown.length === 0 ? 0 : 1
}

if (isCommand(import.meta.url)) {
  try {
    process.exitCode = main()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 2
  }
}
